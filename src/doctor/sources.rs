//! Whether each source of the configuration gives something.

use tokio::time::timeout;

use super::{Finding, LIMIT};
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
        findings.push(told(spec, Capture::rehearse(spec, &clockwork)).await);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(ABOUT, "none is configured"));
    }
    findings
}

/// One that hangs is told of by its name, and keeps none from being told of.
async fn told(spec: &Spec, rehearsal: impl Future<Output = Result<(), SourceError>>) -> Finding {
    match timeout(LIMIT, rehearsal).await {
        Ok(outcome) => finding(spec, outcome),
        Err(_) => {
            Finding::failure(ABOUT, format!("{}: it hangs, and was given up after {} s", table(spec), LIMIT.as_secs()))
        }
    }
}

fn table(spec: &Spec) -> String {
    format!("[{}.{}] {spec}", spec.media(), spec.name())
}

fn finding(spec: &Spec, outcome: Result<(), SourceError>) -> Finding {
    let gives = match spec.media() {
        MediaKind::Video => "pictures",
        MediaKind::Audio => "sound",
    };
    let table = table(spec);
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

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_named() {
        let settings = config::parse("").unwrap();
        let finding = told(&settings.sources[0], std::future::pending()).await;
        assert!(finding.what.starts_with("[video.picture] test"), "{finding}");
        assert!(finding.what.ends_with(": it hangs, and was given up after 30 s"), "{finding}");
    }

    #[test]
    fn who_may_not_read_a_file_is_not_sent_into_a_group_of_devices() {
        let settings = config::parse("").unwrap();
        let denied = || SourceError::Denied { device: "film.mkv".to_owned(), help: "let it read the file".to_owned() };
        let finding = finding(&settings.sources[0], Err(denied()));
        assert_eq!(finding.remedy, None);
        assert!(finding.what.ends_with(&denied().to_string()), "{finding}");
    }
}
