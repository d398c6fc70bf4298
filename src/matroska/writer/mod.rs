//! From frames to clusters.

use std::{mem, time::Duration};

use super::{
    TICK,
    cluster::{Cluster, Placed},
    ending::{Ending, Places},
    header::{Header, HeaderError},
    index::Index,
};
use crate::codec::MediaKind;

/// How large a frame may be. Raw pictures of 8K would be.
const LARGEST_FRAME: usize = 64 << 20;

/// How late a frame may be: players count time in ns, with 63 bits.
const LATEST: Duration = Duration::from_nanos(i64::MAX as u64);

/// A frame on its way into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<F> {
    /// Whose: the track's place in [`Header::tracks`], from 1.
    pub track: u64,
    /// When it is to be seen or heard, counted from the file's start. It is written to the millisecond.
    pub time: Duration,
    /// Whether decoding can begin with it. Of sound, each frame is one.
    pub keyframe: bool,
    /// What is encoded, in any form that can be read as bytes. It is kept until its cluster is made, and copied once.
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

/// Makes a file of frames. It keeps what a second of them needs and an index, which does not grow without bounds.
///
/// What [`new`](Self::new), [`push`](Self::push) and [`flush`](Self::flush) give is to be appended to the file in that order, each
/// in one write, so that wherever the writing breaks off there are whole clusters before it. Time passes with the frames:
/// where none come, it is for the caller to [`flush`](Self::flush) once it has not been given a cluster for a second.
///
/// Where a write fails, the file is what [`scan()`](super::scan()) makes of it; the writer knows nothing of that.
#[derive(Debug)]
pub struct Writer<F> {
    /// What each track holds; track 1 comes first.
    kinds: Vec<MediaKind>,
    places: Places,
    index: Index,
    /// What was given to be written, in bytes.
    written: u64,
    /// The time of the last frame.
    end: Duration,
    open: Cluster<F>,
}

impl<F: AsRef<[u8]>> Writer<F> {
    /// A writer, and the first bytes of its file.
    pub fn new(header: &Header) -> Result<(Self, Vec<u8>), HeaderError> {
        let (bytes, places) = header.write()?;
        let writer = Self {
            kinds: header.tracks.iter().map(|track| track.codec.kind()).collect(),
            places,
            index: Index::default(),
            written: bytes.len() as u64,
            end: Duration::ZERO,
            open: Cluster::default(),
        };
        Ok((writer, bytes))
    }

    /// Takes a frame. Gives a cluster of those before, if they are enough for one.
    ///
    /// Frames of one track come in the order in which they are to be decoded; a track may lag behind another.
    pub fn push(&mut self, block: Block<F>) -> Result<Option<Vec<u8>>, BlockError> {
        let placed = self.place(block)?;
        let full = if self.open.is_full_before(&placed) { self.flush() } else { None };
        self.open.add(placed);
        Ok(full)
    }

    /// Gives a cluster of all frames that are in none yet, if there are any.
    pub fn flush(&mut self) -> Option<Vec<u8>> {
        let position = self.written - self.places.segment;
        let cluster = mem::take(&mut self.open).write(position, &mut self.index);
        self.written += cluster.len() as u64;
        Some(cluster).filter(|cluster| !cluster.is_empty())
    }

    /// What makes a whole file of it, with the frames that are in no cluster yet. It lasts to `end`, which is when the last
    /// frame's time is over, or at least to when that begins.
    #[must_use]
    pub fn finish(mut self, end: Duration) -> Ending {
        let end = self.end.max(end);
        let written = self.written;
        let last = self.flush().unwrap_or_default();
        Ending::new(self.places, &self.index, end, last, written)
    }

    fn place(&mut self, block: Block<F>) -> Result<Placed<F>, BlockError> {
        let Block { track, time, keyframe, frame } = block;
        let at = track.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let kind = at.and_then(|at| self.kinds.get(at).copied());
        let (Some(kind), Ok(number)) = (kind, u8::try_from(track)) else {
            return Err(BlockError::NoSuchTrack { track, tracks: self.kinds.len() });
        };
        match frame.as_ref().len() {
            0 => return Err(BlockError::Empty { track }),
            1..=LARGEST_FRAME => {}
            length => return Err(BlockError::TooLarge { track, length }),
        }
        if time > LATEST {
            return Err(BlockError::TooLate { track, time });
        }
        self.end = self.end.max(time);
        let time = ((time.as_nanos() as u64) + TICK / 2) / TICK;
        Ok(Placed { track: number, kind, time, keyframe: keyframe || kind == MediaKind::Audio, frame })
    }
}

#[cfg(test)]
mod tests;
