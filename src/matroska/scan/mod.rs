//! What a file holds, whoever wrote it and whatever became of it.

mod cluster;
mod fault;
mod header;
mod inner;
mod repair;
mod source;
mod walk;

use std::io::{self, Read, Seek};

pub use self::fault::Fault;
use super::header::DocType;
use crate::container::{self, Damage};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What kind of file it is.
    pub doc_type: DocType,
    /// What wrote it (WritingApp), the first 256 bytes of it.
    pub application: String,
    /// The rest, as of any kind of file.
    pub film: container::Scan<Fault>,
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

#[cfg(test)]
mod tests;
