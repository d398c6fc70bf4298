//! What a file holds, whoever wrote it and whatever became of it.

mod element;
mod fault;
mod fragment;
mod header;
mod inner;
mod repair;
mod walk;

use std::io::{self, Read, Seek};

pub use self::fault::Fault;
use crate::container::{Damage, Scan};

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
pub fn scan(file: impl Read + Seek) -> Result<Scan<Fault>, ScanError> {
    walk::Walk::new(file)?.finish()
}

#[cfg(test)]
mod tests;
