//! Whether each source of the configuration gives something.

use super::Finding;
use crate::{
    codec::MediaKind,
    config::Settings,
    media::clockwork::Clockwork,
    source::{Capture, SourceError, Spec},
};

const ABOUT: &str = "sources";

/// Starts each source, one after the other as two may be of one device, until its first frame has come.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let clockwork = Clockwork::start();
    let mut findings = Vec::new();
    for spec in &settings.sources {
        findings.push(finding(spec, Capture::rehearse(spec, &clockwork).await));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(ABOUT, "none is configured"));
    }
    findings
}

fn finding(spec: &Spec, outcome: Result<(), SourceError>) -> Finding {
    let (kind, gives) = match spec.media() {
        MediaKind::Video => ("video", "pictures"),
        MediaKind::Audio => ("audio", "sound"),
    };
    let table = format!("[{kind}.{}] {spec}", spec.name());
    match outcome {
        Ok(()) => Finding::ok(ABOUT, format!("{table} gives {gives}")),
        // A daemon that runs has it, and should.
        Err(error @ SourceError::Busy { .. }) => {
            Finding::warning(ABOUT, format!("{table}: {error}")).mended_by("end that program, and try again")
        }
        Err(error @ SourceError::Missing { .. }) => {
            Finding::failure(ABOUT, format!("{table}: {error}")).mended_by("peergate devices")
        }
        // What else there is says itself what helps.
        Err(error) => Finding::failure(ABOUT, format!("{table}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn who_may_not_read_a_file_is_not_sent_into_a_group_of_devices() {
        let settings = config::parse("").unwrap();
        let denied = || SourceError::Denied { device: "film.mkv".to_owned(), help: "let it read the file".to_owned() };
        let finding = finding(&settings.sources[0], Err(denied()));
        assert_eq!(finding.remedy, None);
        assert!(finding.what.ends_with(&denied().to_string()), "{finding}");
    }
}
