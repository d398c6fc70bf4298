//! Why a source does not run, in words for the person who can mend it.

use crate::media::{pipeline::StateError, template::TemplateError};

/// Why a source does not run. All are tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The device is not there.
    #[error("{wanted} is not there; there {there}{help}")]
    Missing {
        /// What was looked for: `camera "C920"`.
        wanted: String,
        /// What is there instead: `are: ...`, `is none`.
        there: String,
        /// What helps, behind a semicolon; may be empty.
        help: String,
    },
    /// Another program has the device.
    #[error("{device} is busy: {holder} has it; it is tried again until it is free")]
    Busy {
        /// The device.
        device: String,
        /// Who has it, as far as can be told.
        holder: String,
    },
    /// The system does not let us have the device.
    #[error("{device} may not be used by this user; {help}")]
    Denied {
        /// The device.
        device: String,
        /// What helps.
        help: String,
    },
    /// A server that captures for us is not there.
    #[error("{server} can't be reached: {why}; {help}")]
    Unreachable {
        /// Which.
        server: String,
        /// What was tried, and what came.
        why: String,
        /// What helps.
        help: String,
    },
    /// The device was at work and can't be read any more.
    #[error("{device} gives nothing any more: {why}; if it was unplugged, plug it in again")]
    Broken {
        /// The device.
        device: String,
        /// In GStreamer's words.
        why: String,
    },
    /// The device delivers nothing that can be used.
    #[error("{device} delivers no picture that can be used: expected raw video or MJPEG, got {got}")]
    Unusable {
        /// The device.
        device: String,
        /// What it delivers.
        got: String,
    },
    /// The camera's own H.264 can't be passed on as it is.
    #[error("{device} can't be passed through: {why}; without encoder = \"passthrough\" it is encoded here")]
    Unfit {
        /// The device.
        device: String,
        /// What is wrong with it, and what may help.
        why: String,
    },
    /// It gave up, in GStreamer's words.
    #[error("{0}")]
    Failed(String),
    /// It ended, which it should not.
    #[error("it ended by itself")]
    Ended,
    /// Its template is wrong.
    #[error("its template can't be used: {0}")]
    Template(#[from] TemplateError),
    /// Its pipeline can't be made.
    #[error("no pipeline can be made of its template: {0}")]
    Pipeline(String),
    /// It can't be started.
    #[error("{0}")]
    State(#[from] StateError),
}

/// `are: a, b` or `is none`.
pub(super) fn there(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    if names.is_empty() { "is none".to_owned() } else { format!("are: {}", names.join(", ")) }
}
