//! From frames to fragments.

use std::time::Duration;

use super::{
    ending::{Places, ending},
    fragment,
    header::{Header, HeaderError},
    index::{Index, Point},
    lane::{Lane, Next, Run, Waiting},
    scale::Scale,
};
use crate::{
    codec::MediaKind,
    container::{Block, BlockError, Ending},
};

/// What a track's frames in a fragment last at most, and so what is lost when the writing breaks off.
const LONGEST: Duration = Duration::from_secs(1);

/// How far apart fragments are that begin with a keyframe, so that a track of keyframes alone does not make a write of each
/// frame.
const SHORTEST: Duration = Duration::from_millis(250);

/// How many bytes of frames a fragment has, unless it is a single one: 1 s at 64 Mbit/s.
const LARGEST: u64 = 8 << 20;

/// Makes a file of frames. It keeps what a second of them needs and an index, which does not grow without bounds.
///
/// What [`new`](Self::new), [`push`](Self::push) and [`flush`](Self::flush) give is to be appended to the file in that order, each
/// in one write, so that wherever the writing breaks off there are whole fragments before it. Time passes with the frames:
/// where none come, it is for the caller to [`flush`](Self::flush) once it has not been given a fragment for a second, and again
/// while a frame [waits](Self::is_waiting).
///
/// Where a write fails, the file is what [`scan()`](super::scan()) makes of it; the writer knows nothing of that.
#[derive(Debug)]
pub struct Writer<F> {
    /// What each track holds; track 1 comes first.
    kinds: Vec<MediaKind>,
    lanes: Vec<Lane<F>>,
    places: Places,
    index: Index,
    /// How many fragments there are.
    fragments: u32,
    /// What was given to be written, in bytes.
    written: u64,
    /// How many bytes of frames wait.
    waiting: u64,
    /// The time of the last keyframe that began a fragment.
    keyframe: Option<Duration>,
}

impl<F: AsRef<[u8]>> Writer<F> {
    /// A writer, and the first bytes of its file.
    pub fn new(header: &Header) -> Result<(Self, Vec<u8>), HeaderError> {
        let (bytes, places) = header.write()?;
        let kinds: Vec<MediaKind> = header.tracks.iter().map(|track| track.codec.kind()).collect();
        let lanes: Vec<Lane<F>> = (1..).zip(&kinds).map(|(number, kind)| Lane::new(number, *kind)).collect();
        let index = Index::of((1..).zip(&kinds).map(|(number, kind)| (number, Some(*kind), Scale::of(*kind))));
        let written = bytes.len() as u64;
        Ok((Self { kinds, lanes, places, index, fragments: 0, written, waiting: 0, keyframe: None }, bytes))
    }

    /// Takes a frame; its time is written to the nearest 1/90000 s of pictures, 1/48000 s of sound. Gives a fragment of those
    /// before, if they are enough for one.
    ///
    /// Frames of one track come in the order in which they are to be decoded; a track may lag behind another.
    pub fn push(&mut self, block: Block<F>) -> Result<Option<Vec<u8>>, BlockError> {
        let kind = block.check(&self.kinds)?;
        let Block { track, time, keyframe, frame } = block;
        let place = (track - 1) as usize;
        let Some(lane) = self.lanes.get(place) else {
            return Err(BlockError::NoSuchTrack { track, tracks: self.kinds.len() });
        };
        let (ticks, length) = (lane.scale().ticks(time), frame.as_ref().len() as u64);
        let lasts = lane.first().map_or(0, |first| ticks.saturating_sub(first));
        let begins =
            keyframe && kind == MediaKind::Video && self.keyframe.is_none_or(|last| time.abs_diff(last) >= SHORTEST);
        let is_full = begins || lane.scale().time(lasts) >= LONGEST || self.waiting + length > LARGEST;
        let full =
            if is_full { self.cut(|at| if at == place { Next::At(ticks) } else { Next::Unknown }) } else { None };
        if begins {
            self.keyframe = Some(time);
        }
        self.waiting += length;
        if let Some(lane) = self.lanes.get_mut(place) {
            lane.push(Waiting { time: ticks, keyframe: keyframe || kind == MediaKind::Audio, frame });
        }
        Ok(full)
    }

    /// Gives a fragment of the frames that are in none yet, if there are any, but for the last one of each track: that waits
    /// for the next one, or for the next call.
    pub fn flush(&mut self) -> Option<Vec<u8>> {
        self.cut(|_| Next::Unknown)
    }

    /// Whether there are frames that are in no fragment yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.is_empty())
    }

    /// What makes a whole file of it, with the frames that are in no fragment yet. It lasts to `end`, which is when the last
    /// frame's time is over, or at least to when that is over as far as it is known here.
    #[must_use]
    pub fn finish(mut self, end: Duration) -> Ending {
        let last = self.cut(|_| Next::Nothing).unwrap_or_default();
        let ends = self.lanes.iter().filter_map(|lane| Some(lane.scale().time(lane.reached()?)));
        let end = ends.fold(end, Duration::max);
        ending(self.places, &self.index, end, last)
    }

    /// A fragment of what can be written, when that comes next of the track at each place.
    fn cut(&mut self, next: impl Fn(usize) -> Next) -> Option<Vec<u8>> {
        let lanes = self.lanes.iter_mut().enumerate();
        let runs: Vec<Run<F>> = lanes.filter_map(|(at, lane)| lane.take(next(at))).collect();
        self.waiting = self.lanes.iter().map(Lane::bytes).sum();
        let track = self.index.track();
        let start = (1..).zip(&runs).find(|(_, run)| run.track == track).and_then(|(traf, run)| {
            let first = run.samples.first().filter(|first| first.keyframe)?;
            Some((run.begin.saturating_add_signed(first.offset.into()), traf))
        });
        let fragment = fragment::write(self.fragments.wrapping_add(1), &runs);
        if fragment.is_empty() {
            return None;
        }
        if let Some((time, traf)) = start {
            self.index.add(Point { time, offset: self.written, traf });
        }
        self.fragments = self.fragments.wrapping_add(1);
        self.written += fragment.len() as u64;
        Some(fragment)
    }
}

#[cfg(test)]
mod tests;
