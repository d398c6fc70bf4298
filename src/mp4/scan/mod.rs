//! What a file holds, whoever wrote it and whatever became of it.

mod element;
mod fault;
mod fragment;
mod header;
mod inner;
mod repair;
mod walk;

use std::{
    io::{self, Read, Seek},
    ops::Range,
    time::Duration,
};

pub use self::fault::Fault;
use super::{ending::Places, index::Index};
use crate::container::{Damage, ScannedTrack};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// When it begins (creation_time of mvhd), counted from Unix's epoch.
    pub begun: Option<Duration>,
    /// How long it says that it lasts (mehd). One that was not finished says nothing.
    pub duration: Option<Duration>,
    /// Its tracks, 127 at most.
    pub tracks: Vec<ScannedTrack>,
    /// How many fragments there are, without those that are lost.
    pub fragments: u64,
    /// Where the last fragment ends of which all is there, or the header if there is none, in bytes from the file's start.
    pub whole: u64,
    /// How long the file is, in bytes.
    pub length: u64,
    /// Whether it has its ending: it says how long it is, and where its keyframes are.
    pub is_finished: bool,
    /// What is wrong with it, the first 64 places. That the last fragment is torn is among them.
    pub damage: Vec<Damage<Fault>>,
    /// What an ending changes, if the file has room for it.
    places: Option<Places>,
    index: Index,
    /// What can't be read, from the file's start; the first 1024 pieces of it.
    gaps: Vec<Range<u64>>,
}

/// Nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It can't be read; the system says why.
    #[error("can't read the file: {0}")]
    Io(#[from] io::Error),
    /// It begins with other bytes; it may be a file of another kind, or an empty one.
    #[error("expected an MP4 file, got one that begins with other bytes than these do")]
    NotMp4,
    /// What comes before the frames is broken; without it they can't be told apart.
    #[error("the file's header is broken at {0}")]
    Header(Damage<Fault>),
}

/// Says what a file holds. Reads the heads of all that is in it once, and keeps little of it in memory, whatever its bytes
/// are. Frames themselves are not looked at: nothing in the file says what they should be.
pub fn scan(file: impl Read + Seek) -> Result<Scan, ScanError> {
    walk::Walk::new(file)?.finish()
}

impl Scan {
    /// When the last frame is over, counted from the file's start.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.tracks.iter().filter_map(|track| track.end).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
