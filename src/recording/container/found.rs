//! What is found in a file, whatever kind of file that is.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::Container;
use crate::{
    container::{NotOurs, Repair, Scan, ScannedTrack},
    matroska, mp4,
    recording::manifest::Track,
};

/// What is found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its tracks, as far as their codecs are known here. Their sizes are not looked at.
    pub tracks: Vec<Track>,
    /// When the last frame comes, or is over, counted from the file's start.
    pub end: Duration,
    /// Whether there is no frame in it.
    pub is_empty: bool,
    /// Whether it has its ending, and nothing is wrong with it.
    pub is_whole: bool,
    /// What makes a whole file of it.
    pub repair: Result<Repair, NotOurs>,
}

/// Nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It can't be read; the system says why.
    #[error("can't read the file: {0}")]
    Io(io::Error),
    /// It is no Matroska file, or its header is broken.
    #[error(transparent)]
    Matroska(matroska::ScanError),
    /// It is no MP4 file, or its header is broken.
    #[error(transparent)]
    Mp4(mp4::ScanError),
}

impl Container {
    /// Says what a file of this kind holds. Reads all of it once.
    ///
    /// # Errors
    /// When it can't be read, or is of another kind.
    pub fn look(self, file: impl Read + Seek) -> Result<Found, Unreadable> {
        match self {
            Self::Matroska | Self::WebM => Ok(matroska::scan(file)?.film.into()),
            Self::Mp4 => Ok(mp4::scan(file)?.into()),
        }
    }
}

impl<F> From<Scan<F>> for Found {
    fn from(scan: Scan<F>) -> Self {
        Self {
            end: scan.end(),
            is_empty: scan.parts == 0,
            is_whole: scan.is_finished && scan.damage.is_empty(),
            tracks: scan.tracks.iter().filter_map(described).collect(),
            repair: scan.repair,
        }
    }
}

/// A track, if its codec is known here.
fn described(track: &ScannedTrack) -> Option<Track> {
    Some(Track {
        frames: track.frames,
        keyframes: track.keyframes,
        bytes: track.bytes,
        first: track.first,
        last: track.last,
        ..Track::new(track.number, track.codec?)
    })
}

impl From<matroska::ScanError> for Unreadable {
    fn from(error: matroska::ScanError) -> Self {
        match error {
            matroska::ScanError::Io(error) => Self::Io(error),
            error => Self::Matroska(error),
        }
    }
}

impl From<mp4::ScanError> for Unreadable {
    fn from(error: mp4::ScanError) -> Self {
        match error {
            mp4::ScanError::Io(error) => Self::Io(error),
            error => Self::Mp4(error),
        }
    }
}
