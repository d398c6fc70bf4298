//! Whether GStreamer is there, and whole.

use super::Finding;
use crate::media::elements::{self, Lacking, NotReady};

const ABOUT: &str = "elements";

/// What `started`, the outcome of [`elements::start`], means.
pub(super) fn examine(started: &Result<(), NotReady>) -> Vec<Finding> {
    match started {
        Ok(()) => {
            let mut findings =
                vec![Finding::ok(ABOUT, format!("{} has all that every peer needs", gst::version_string()))];
            findings.extend(elements::lacking().into_iter().map(lacking));
            findings
        }
        Err(error @ NotReady::Missing(missing)) => {
            vec![Finding::failure(ABOUT, error.to_string()).mended_by(install(&missing.packages()))]
        }
        Err(error @ NotReady::Library(_)) => {
            vec![Finding::failure(ABOUT, error.to_string()).mended_by("sudo apt install --reinstall libgstreamer1.0-0")]
        }
        Err(error) => vec![Finding::failure(ABOUT, error.to_string())],
    }
}

fn lacking(lacking: Lacking) -> Finding {
    let Lacking { element, package, purpose } = lacking;
    Finding::warning(ABOUT, format!("GStreamer lacks {element}, for {purpose}")).mended_by(install(&[package]))
}

fn install(packages: &[&str]) -> String {
    format!("sudo apt install {}", packages.join(" "))
}
