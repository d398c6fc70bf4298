//! One segment: what its file begins with, the clusters that are appended to it, and what is said of it at the end.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Container,
    container::Writer,
    cutter::Limits,
    frame::{Frame, TrackNumber},
    manifest::{self, Gap, Gaps},
    track::{Hole, Track},
};
use crate::{
    bitstream,
    container::{self, Block},
};

/// How long frames wait in memory until they are written: the most of what a crash costs.
const FLUSH: Duration = Duration::from_millis(250);

/// A track of which nothing came for so long is not named by a file that begins. If it comes back, it begins another one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// How a file begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What it is.
    pub container: Container,
    /// Its first bytes.
    pub header: Vec<u8>,
    /// The time of its first frame.
    pub begin: Duration,
}

/// A segment that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What makes the file whole.
    pub ending: container::Ending,
    /// What is said of it.
    pub account: Account,
}

/// What is said of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The time of its first frame.
    pub begin: Duration,
    /// The end of its last.
    pub end: Duration,
    /// Its tracks.
    pub tracks: Vec<manifest::Track>,
    /// What is missing.
    pub gaps: Gaps,
}

/// A segment that is being recorded.
#[derive(Debug)]
pub(super) struct Segment {
    writer: Writer<Box<[u8]>>,
    /// The tracks in the order in which the file has them.
    order: Vec<TrackNumber>,
    account: Account,
    /// Since when frames wait to be written.
    waiting_since: Option<Instant>,
    written: u64,
}

impl Segment {
    /// One that begins with what `waits`; `None` where that is nothing that could be played.
    pub(super) fn open(
        container: Container,
        now: Instant,
        tracks: &BTreeMap<TrackNumber, Track>,
        waits: &[Frame],
    ) -> Option<(Self, Opening)> {
        let begin = waits.iter().map(|frame| frame.time).min()?;
        let comes = |number| waits.iter().any(|frame| frame.track == number);
        let is_expected =
            |track: &Track| track.has_begun() && !track.has_ended && track.has_come_within(now, FORGOTTEN_AFTER);
        let named = tracks.iter().filter(|(number, track)| comes(**number) || is_expected(track));
        let (order, described): (Vec<_>, Vec<_>) =
            named.filter_map(|(number, track)| Some((*number, track.described()?))).unzip();
        let codecs: Vec<_> = described.iter().map(|track| track.codec).collect();
        let container = container.or_matroska(codecs.iter().copied());
        let (writer, header) = Writer::new(container, described)?;
        let tracks = (1..).zip(&codecs).map(|(place, codec)| manifest::Track::new(place, *codec)).collect();
        let account = Account { begin, end: begin, tracks, gaps: Gaps::default() };
        let written = header.len() as u64;
        let segment = Self { writer, order, account, waiting_since: None, written };
        Some((segment, Opening { container, header, begin }))
    }

    /// Whether the file names this track.
    pub(super) fn has(&self, number: TrackNumber) -> bool {
        self.order.contains(&number)
    }

    /// Whether it is long enough for one that begins at `time` to follow it.
    pub(super) fn is_full(&self, limits: Limits, time: Duration) -> bool {
        time.saturating_sub(self.account.begin) >= limits.time || self.written >= limits.bytes
    }

    /// Takes a frame of one of its tracks; the cluster that is full with it, if one is.
    pub(super) fn take(&mut self, now: Instant, frame: Frame, track: &mut Track) -> Option<Vec<u8>> {
        let place = self.order.iter().position(|number| *number == frame.track)?;
        let (time, length, keyframe) = (frame.time, frame.bytes.len() as u64, frame.keyframe);
        self.waiting_since.get_or_insert(now);
        track.read(&frame);
        if let Some(hole) = track.advance(&frame) {
            self.note(place, hole);
        }
        let block = Block {
            track: place as u64 + 1,
            time: frame.time.saturating_sub(self.account.begin),
            keyframe: frame.keyframe,
            frame: match bitstream::stored(track.codec, &frame.bytes) {
                Cow::Borrowed(_) => frame.bytes,
                Cow::Owned(stored) => stored.into(),
            },
        };
        // An error: a frame of no bytes, or of too many. No decoder misses it.
        let cluster = self.writer.push(block).ok()?;
        let at = time.saturating_sub(self.account.begin);
        if let Some(noted) = self.account.tracks.get_mut(place) {
            noted.add(at, length, keyframe, track.size);
        }
        self.account.end = self.account.end.max(track.end().unwrap_or_default());
        if cluster.is_some() {
            self.waiting_since = Some(now);
        }
        self.count(cluster)
    }

    /// Nothing more comes: notes what is missing at the end of its tracks.
    pub(super) fn note_missing(&mut self, tracks: &mut BTreeMap<TrackNumber, Track>) {
        let end = self.account.end;
        for (number, track) in tracks {
            if let Some(place) = self.order.iter().position(|named| named == number)
                && let Some(hole) = track.take_missing(end)
            {
                self.note(place, hole);
            }
        }
    }

    /// The cluster that has waited long enough, if there is one.
    pub(super) fn due(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.next_deadline().filter(|due| now >= *due).and_then(|_| self.flush(now))
    }

    /// When [`Self::due`] has one.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting_since.map(|since| since + FLUSH)
    }

    /// All that waits, but for what can only be written once the next frame has come, or at the next call.
    pub(super) fn flush(&mut self, now: Instant) -> Option<Vec<u8>> {
        let cluster = self.writer.flush();
        self.waiting_since = self.writer.is_waiting().then_some(now);
        self.count(cluster)
    }

    /// What is said of it so far.
    pub(super) const fn account(&self) -> &Account {
        &self.account
    }

    /// Ends it. What was not flushed is in the ending.
    pub(super) fn into_ended(self) -> Ended {
        let Self { writer, account, .. } = self;
        Ended { ending: writer.finish(account.end.saturating_sub(account.begin)), account }
    }

    fn note(&mut self, place: usize, Hole { from, to, kind, frames }: Hole) {
        let begin = self.account.begin;
        let earlier = begin.min(to).saturating_sub(from);
        let since_begin = |time: Duration| time.saturating_sub(begin);
        let (from, to) = (since_begin(from), since_begin(to));
        self.account.gaps.add(Gap { track: place as u64 + 1, from, earlier, to, kind, frames });
    }

    fn count(&mut self, cluster: Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.written += cluster.as_ref().map_or(0, |cluster| cluster.len() as u64);
        cluster
    }
}
