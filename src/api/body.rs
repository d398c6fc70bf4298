//! The bodies of requests and answers that have no room of their own in [`report`](crate::report): who serves them and who asks
//! for them write and read the same.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::ids::RecordingId;

/// What was done with a message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// To how many peers it went.
    pub(crate) peers: usize,
}

/// What is to be recorded, of one member and one peer, or of all. `I` is what ids are read as.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order<I> {
    pub(crate) member: Option<I>,
    pub(crate) peer: Option<I>,
    pub(crate) what: Option<What>,
    /// How much of the time before.
    #[serde(default)]
    pub(crate) before_ms: u64,
}

/// Whose sounds and pictures are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// What peers send
    Remote,
    /// What we send
    Local,
    /// Both
    All,
}

/// What was begun.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) recordings: Vec<RecordingId>,
}

/// What is logged.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// As `[log] filter` of the configuration.
    pub(crate) filter: String,
}
