//! Whether each source of the configuration gives something.

use super::{Finding, account};
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
        Err(error) => {
            let finding = Finding::failure(ABOUT, format!("{table}: {error}"));
            match remedy(&error) {
                Some(remedy) => finding.mended_by(remedy),
                None => finding,
            }
        }
    }
}

fn remedy(error: &SourceError) -> Option<String> {
    match error {
        SourceError::Missing { .. } => Some("peergate devices".to_owned()),
        SourceError::Denied { .. } => {
            Some(format!("sudo usermod --append --groups video {}, and log in again", account::user()))
        }
        // What else there is says itself what helps.
        _ => None,
    }
}
