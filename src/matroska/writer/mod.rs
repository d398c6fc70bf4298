//! From frames to clusters.

use std::{mem, time::Duration};

use super::{
    TICK,
    cluster::{Cluster, Placed},
    ending::{Places, ending},
    header::{Header, HeaderError},
    index::Index,
};
use crate::{
    codec::MediaKind,
    container::{Block, BlockError, Ending},
};

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

    /// Takes a frame; its time is written to the millisecond. Gives a cluster of those before, if they are enough for one.
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
        ending(self.places, &self.index, end, last, written)
    }

    fn place(&mut self, block: Block<F>) -> Result<Placed<F>, BlockError> {
        let kind = block.check(&self.kinds)?;
        let Block { track, time, keyframe, frame } = block;
        let tracks = self.kinds.len();
        let number = u8::try_from(track).map_err(|_| BlockError::NoSuchTrack { track, tracks })?;
        self.end = self.end.max(time);
        let time = ((time.as_nanos() as u64) + TICK / 2) / TICK;
        Ok(Placed { track: number, kind, time, keyframe: keyframe || kind == MediaKind::Audio, frame })
    }
}

#[cfg(test)]
mod tests;
