//! What a file holds, whoever wrote it and whatever became of it.

use std::time::Duration;

use super::{Damage, NotOurs, Repair, ScannedTrack};

/// What a file holds, of which `F` is what can be wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan<F> {
    /// When it begins (DateUTC of Matroska, creation_time of MP4's mvhd), counted from Unix's epoch.
    pub begun: Option<Duration>,
    /// How long it says that it lasts (Duration, mehd). One that was not finished says nothing.
    pub duration: Option<Duration>,
    /// Its tracks, 127 at most.
    pub tracks: Vec<ScannedTrack>,
    /// How many clusters or fragments there are, without those that are lost.
    pub parts: u64,
    /// Where the last part ends of which all is there, or the header if there is none, in bytes from the file's start.
    pub whole: u64,
    /// How long the file is, in bytes.
    pub length: u64,
    /// Whether it has its ending: it says how long it is, and where its keyframes are.
    pub is_finished: bool,
    /// What is wrong with it, the first 64 places. That the last part is torn is among them.
    pub damage: Vec<Damage<F>>,
    /// What makes a whole file of it: what is torn at its end is cut off, what is lost in its midst, the first 1024 pieces of
    /// it, is marked as free, and it gets the ending that was not written.
    pub repair: Result<Repair, NotOurs>,
}

impl<F> Scan<F> {
    /// When the last frame is over, counted from the file's start; in Matroska, when it comes.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.tracks.iter().filter_map(|track| track.end).max().unwrap_or_default()
    }
}
