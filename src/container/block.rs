//! A frame on its way into a file.

use std::time::Duration;

use crate::codec::MediaKind;

/// How large a frame may be. Raw pictures of 8K would be.
const LARGEST_FRAME: usize = 64 << 20;

/// How late a frame may be: players count time in ns, with 63 bits.
const LATEST: Duration = Duration::from_nanos(i64::MAX as u64);

/// A frame on its way into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<F> {
    /// Whose: the track's place in the file's header, from 1.
    pub track: u64,
    /// When it is to be seen or heard, counted from the file's start.
    pub time: Duration,
    /// Whether decoding can begin with it. Of sound, each frame is one.
    pub keyframe: bool,
    /// What is encoded, in any form that can be read as bytes. It is kept until it is written, and copied once.
    pub frame: F,
}

/// A frame that can't be written. Whoever made it is to blame; the file goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The header has no such track.
    #[error("expected a frame of a track from 1 to {tracks}, got one of track {track}")]
    NoSuchTrack {
        /// What it was said to be of.
        track: u64,
        /// How many there are.
        tracks: usize,
    },
    /// A frame without a byte: a decoder would fail on it.
    #[error("track {track}: got an empty frame")]
    Empty {
        /// Whose it was.
        track: u64,
    },
    /// A frame that no encoder makes.
    #[error("track {track}: expected a frame of {LARGEST_FRAME} bytes at most, got {length}")]
    TooLarge {
        /// Whose it was.
        track: u64,
        /// How many bytes it had.
        length: usize,
    },
    /// A time that no player could tell.
    #[error("track {track}: expected a time within {LATEST:?} of the file's start, got {time:?}")]
    TooLate {
        /// Whose it was.
        track: u64,
        /// What its time was.
        time: Duration,
    },
}

impl<F: AsRef<[u8]>> Block<F> {
    /// Whether it can be written, in a file whose tracks are of these kinds; of which kind it is then.
    pub(crate) fn check(&self, kinds: &[MediaKind]) -> Result<MediaKind, BlockError> {
        let Self { track, time, .. } = *self;
        let at = track.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let Some(kind) = at.and_then(|at| kinds.get(at).copied()) else {
            return Err(BlockError::NoSuchTrack { track, tracks: kinds.len() });
        };
        match self.frame.as_ref().len() {
            0 => return Err(BlockError::Empty { track }),
            1..=LARGEST_FRAME => {}
            length => return Err(BlockError::TooLarge { track, length }),
        }
        if time > LATEST { Err(BlockError::TooLate { track, time }) } else { Ok(kind) }
    }
}
