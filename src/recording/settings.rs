//! What is recorded, where to, and for how long it is kept.

use std::{path::PathBuf, time::Duration};

use super::{Container, cutter::Limits, retention::Policy};

/// Whose tracks are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Those that remote peers send.
    pub remote: bool,
    /// Those that the member sends, in full quality.
    pub local: bool,
}

impl Wanted {
    /// Nobody's.
    pub const NONE: Self = Self { remote: false, local: false };
    /// What remote peers send.
    pub const REMOTE: Self = Self { remote: true, local: false };
    /// What the member sends.
    pub const LOCAL: Self = Self { remote: false, local: true };
    /// Both.
    pub const ALL: Self = Self { remote: true, local: true };
}

/// How everything is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder. It is made where it is not there.
    pub dir: PathBuf,
    /// What has to be mounted, so that nothing is written to the disk below.
    pub mount: Option<PathBuf>,
    /// The container. What WebM or MP4 does not take goes into Matroska.
    pub container: Container,
    /// When a segment is long enough.
    pub segment: Limits,
    /// What is kept in memory of the time before a recording starts.
    pub before: Duration,
    /// How much a power cut may cost: what is written is brought to the disk itself so often; `None`: when the system likes.
    pub sync: Option<Duration>,
    /// How much is kept.
    pub keep: Policy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("recordings"),
            mount: None,
            container: Container::Matroska,
            segment: Limits { time: Duration::from_secs(600), bytes: 1_000_000_000 },
            before: Duration::ZERO,
            sync: Some(Duration::from_secs(1)),
            keep: Policy {
                age: None,
                bytes: None,
                // Four peers in segments of 10 minutes for half a year; some 60 MB of memory.
                segments: Some(100_000),
                // A full disk ends more than recordings.
                free: Some(1_000_000_000),
                free_files: Some(1000),
            },
        }
    }
}
