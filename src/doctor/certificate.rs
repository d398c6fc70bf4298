//! Whether the certificate that is shown can be used, and for how long yet.

use time::OffsetDateTime;

use super::Finding;
use crate::{
    config::Settings,
    tls::{Identity, Outlook, PairError, Validity},
};

const ABOUT: &str = "certificate";

/// Reads it: not for async code.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let identity = settings.http.as_ref().and_then(|http| http.identity.as_ref());
    identity.map(|identity| finding(identity, OffsetDateTime::now_utc())).into_iter().collect()
}

fn finding(identity: &Identity, now: OffsetDateTime) -> Finding {
    let file = identity.certificate();
    let file = file.display();
    match (identity.kept(), identity) {
        (Err(error), _) => {
            let remedy = remedy(&error);
            Finding::failure(ABOUT, error.to_string()).mended_by(remedy)
        }
        (Ok(None), _) => Finding::ok(ABOUT, "the daemon makes one of its own when it starts"),
        (Ok(Some(pair)), Identity::Own(_)) => {
            Finding::ok(ABOUT, format!("{file} is of our own making, {}; it is renewed by itself", pair.fingerprint()))
        }
        (Ok(Some(pair)), Identity::Files { .. }) => lasting(&file.to_string(), pair.validity(), now),
    }
}

fn lasting(file: &str, validity: Validity, now: OffsetDateTime) -> Finding {
    let outlook = validity.outlook(now);
    let what = format!("{file} {outlook}");
    let renew = format!("renew it: {file} is read again when it changes");
    match outlook {
        Outlook::Early(_) => Finding::failure(ABOUT, what).mended_by("timedatectl"),
        Outlook::Over(_) => Finding::failure(ABOUT, what).mended_by(renew),
        Outlook::Ending { .. } => Finding::warning(ABOUT, what).mended_by(renew),
        Outlook::Lasting(_) => Finding::ok(ABOUT, what),
    }
}

fn remedy(error: &PairError) -> String {
    match error {
        PairError::File { path, .. } => format!("ls -l {}", path.display()),
        PairError::Unfit { .. } => "put the certificate and the key of one renewal there".to_owned(),
        _ => "name a certificate and its key in [http], or certificate = \"self-signed\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use time::Duration;

    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn a_certificate_that_ends_soon_is_a_warning_and_one_that_has_ended_a_failure() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let grade = |from: i64, until: i64| {
            let validity = Validity { from: now + Duration::days(from), until: now + Duration::days(until) };
            lasting("c.pem", validity, now).grade
        };
        let grades = [(-80, 15), (-80, 13), (-2, -1), (1, 100)].map(|(from, until)| grade(from, until));
        assert_eq!(grades, [Grade::Ok, Grade::Warning, Grade::Failure, Grade::Failure]);
    }

    #[test]
    fn a_key_that_cannot_be_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("certificate.pem");
        let made = generate_simple_self_signed(["camera.example".to_owned()]).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        let found = |key: &str| {
            let identity = Identity::Files { certificate: certificate.clone(), key: folder.path().join(key) };
            finding(&identity, OffsetDateTime::now_utc())
        };
        let gone = found("gone");
        assert_eq!(gone.grade, Grade::Failure);
        assert!(gone.what.contains("gone can't be read") && gone.remedy.is_some_and(|what| what.starts_with("ls -l")));
        std::fs::write(folder.path().join("key"), made.signing_key.serialize_pem()).unwrap();
        assert_eq!(found("key").grade, Grade::Ok);
    }
}
