//! What a file holds, whoever wrote it and whatever became of it.

mod cluster;
mod fault;
mod header;
mod inner;
mod repair;
mod source;
mod walk;

use std::{
    io::{self, Read, Seek},
    ops::Range,
    time::Duration,
};

pub use self::fault::Fault;
use super::{ending::Places, header::DocType, index::Index};
use crate::container::{Damage, ScannedTrack};

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// What kind of file it is.
    pub doc_type: DocType,
    /// What wrote it (WritingApp), the first 256 bytes of it.
    pub application: String,
    /// When it begins (DateUTC), counted from Unix's epoch.
    pub begun: Option<Duration>,
    /// How long it says that it lasts. One that was not finished says nothing.
    pub duration: Option<Duration>,
    /// Its tracks, 127 at most.
    pub tracks: Vec<ScannedTrack>,
    /// How many clusters there are, without those that are lost.
    pub clusters: u64,
    /// Where the last cluster ends of which all is there, or the header if there is none, in bytes from the file's start.
    pub whole: u64,
    /// How long the file is, in bytes.
    pub length: u64,
    /// Whether it has its ending: it says how long it is, and where its keyframes are.
    pub is_finished: bool,
    /// What is wrong with it, the first 64 places. That the last cluster is torn is among them.
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
    #[error("expected a Matroska or WebM file, got one that begins with other bytes than these do")]
    NotEbml,
    /// It is made of such elements, but is no film.
    #[error("expected a file of the type matroska or webm, got {0:?}")]
    DocType(String),
    /// What comes before the frames is broken; without it they can't be told apart.
    #[error("the file's header is broken at {0}")]
    Header(Damage<Fault>),
}

/// Says what a file holds. Reads all of it once, twice where it is broken, and keeps little of it in memory, whatever its
/// bytes are. Of a file that is still written, it says what was there at first; it may seem torn.
pub fn scan(file: impl Read + Seek) -> Result<Scan, ScanError> {
    walk::Walk::new(file)?.finish()
}

impl Scan {
    /// When the last frame comes, counted from the file's start.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.tracks.iter().filter_map(|track| track.end).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
