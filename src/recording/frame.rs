//! What is recorded: encoded frames, each with its track and its place in time.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A track within a recording, from 1. It keeps its number from segment to segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackNumber(pub u8);

impl fmt::Display for TrackNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An encoded frame of video, or packet of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whose it is.
    pub track: TrackNumber,
    /// When it is shown or heard, on a clock that all tracks share and that never jumps.
    pub time: Duration,
    /// It can be decoded without earlier ones.
    pub keyframe: bool,
    /// Something before it never came.
    pub after_loss: bool,
    /// As it came from the encoder or the network: H.264 as a byte stream, AV1 as low-overhead units.
    pub bytes: Box<[u8]>,
}
