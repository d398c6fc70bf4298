//! A moment on both clocks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ms;
use crate::recording::WallTime;

/// A moment, by the clock that only goes forward and by the one on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The time since the machine was started, in ms.
    #[serde(rename = "boot_ms", with = "ms")]
    pub since_boot: Duration,
    /// What the clock on the wall showed.
    pub wall: WallTime,
    /// How far that could be relied on.
    pub clock: Clock,
}

/// How far the clock on the wall can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The kernel says that somebody keeps it right, by NTP for example.
    Synchronised,
    /// It shows a time that may be right; nobody says that it is.
    Set,
    /// It shows a time before this program was made: nobody has set it.
    Unset,
}
