//! What a server shows, and where that is kept.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use time::OffsetDateTime;

use super::{Own, Pair, PairError};

/// What a server shows, and where that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Somebody's, who also renews it.
    Files {
        /// PEM: the certificate, then those of the CAs between it and the root.
        certificate: PathBuf,
        /// PEM: its key, not encrypted.
        key: PathBuf,
    },
    /// Our own.
    Own(Own),
}

/// By what it is noticed that files have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Option<FileStamp>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FileStamp {
    modified: Option<SystemTime>,
    /// A file that is renamed into place may be as old as the one before.
    inode: u64,
    bytes: u64,
}

impl Identity {
    /// Reads it; our own is made where there is none that lasts. Not for async code.
    ///
    /// # Errors
    /// When there is none that can be shown.
    pub fn pair(&self, now: OffsetDateTime) -> Result<Pair, PairError> {
        match self {
            Self::Files { certificate, key } => Pair::read(certificate, key),
            Self::Own(own) => own.pair(now),
        }
    }

    /// The one that is there, whatever it is worth; `None` where our own is still to be made. Not for async code.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn kept(&self) -> Result<Option<Pair>, PairError> {
        match self {
            Self::Files { certificate, key } => Pair::read(certificate, key).map(Some),
            Self::Own(own) => own.kept(),
        }
    }

    /// The file with its certificate, for those who are to trust it.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        match self {
            Self::Files { certificate, .. } => certificate.clone(),
            Self::Own(own) => own.certificate(),
        }
    }

    /// How its files are now. Not for async code.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp(match self {
            Self::Files { certificate, key } => vec![FileStamp::of(certificate), FileStamp::of(key)],
            Self::Own(own) => vec![FileStamp::of(&own.whole())],
        })
    }

    /// Whether there should be another, though nobody else makes one.
    pub(super) fn is_over(&self, pair: &Pair, now: OffsetDateTime) -> bool {
        matches!(self, Self::Own(_)) && Own::is_over(pair, now)
    }
}

impl FileStamp {
    /// `None` where there is no file.
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self { modified: found.modified().ok(), inode: found.ino(), bytes: found.size() })
    }
}
