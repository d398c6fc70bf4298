//! Cuts what is recorded into segments: which frame goes into which file, and when a file begins and ends. Sans-IO.
//!
//! Methods of four kinds: inputs (`handle_`, [`Cutter::finish`], [`Cutter::abandon`]), each with the time at which it happens;
//! [`Cutter::poll_output`], to be called until there is nothing; [`Cutter::next_deadline`]; and what it says of itself.
//!
//! A segment begins with a keyframe of its video, holds each frame from there to the next segment's first, and no other: none
//! is lost between two, and none is in both. A track that comes late begins a segment, as a file names its tracks at its
//! beginning. A track that says nothing holds up nobody.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use super::{
    Container,
    frame::{Frame, TrackNumber},
    segment::{Account, Ended, Opening, Segment},
    track::Track,
};
use crate::codec::{Codec, MediaKind};

/// How long the first frames wait for those of the other tracks. They are in memory only.
const GATHER: Duration = Duration::from_millis(700);

/// How long a segment that has ended waits for frames of its time: sound and pictures of one moment come that far apart.
const SETTLE: Duration = Duration::from_millis(300);

/// How often a keyframe is asked for that a segment could begin with. Senders take seconds over it on a busy link.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How long a keyframe is waited for before the next segment begins without: a sender that makes none, however often it is
/// asked, must not have a file grow for ever, nor a late track wait. Its pictures are left out from there to the keyframe.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Whose frames come further apart than this is not waited for with a cut. Those of a still screen come a second apart.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// The most bytes that wait for the next segment: 10 s at 12 Mbit/s.
const MOST_WAITING: usize = 16 << 20;

/// When a segment is long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Its length in time.
    pub time: Duration,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Begin a file.
    Open(Opening),
    /// Append this to it: a whole cluster, to be written at once.
    Write(Vec<u8>),
    /// It has ended.
    Close(Box<Ended>),
    /// Ask for a keyframe of this track.
    AskForKeyframe(TrackNumber),
}

/// One recording, from its first frame to its last.
#[derive(Debug)]
pub struct Cutter {
    container: Container,
    limits: Limits,
    tracks: BTreeMap<TrackNumber, Track>,
    segment: Option<Segment>,
    /// Frames of the segment that comes next, in the order in which they came.
    waiting: Vec<Frame>,
    waiting_bytes: usize,
    waiting_since: Option<Instant>,
    cut: Cut,
    asked_at: Option<Instant>,
    outputs: VecDeque<Output>,
}

/// Whether the present segment is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// It is not.
    None,
    /// It ends as soon as another can begin. Since when.
    Wanted(Instant),
    /// The next one begins with this time; what is older and still comes belongs to this one, until the moment beside it.
    Settling(Duration, Instant),
}

impl Cutter {
    /// One that has no tracks yet.
    #[must_use]
    pub const fn new(container: Container, limits: Limits) -> Self {
        Self {
            container,
            limits,
            tracks: BTreeMap::new(),
            segment: None,
            waiting: Vec::new(),
            waiting_bytes: 0,
            waiting_since: None,
            cut: Cut::None,
            asked_at: None,
            outputs: VecDeque::new(),
        }
    }

    /// From now on frames of this track may come.
    pub fn handle_track(&mut self, number: TrackNumber, codec: Codec) {
        self.tracks.insert(number, Track::new(codec));
    }

    /// No more frames of this track come.
    pub fn handle_track_end(&mut self, number: TrackNumber) {
        if let Some(track) = self.tracks.get_mut(&number) {
            track.has_ended = true;
        }
    }

    /// Frames of this track were left out because the disk did not keep up.
    pub fn handle_dropped(&mut self, number: TrackNumber, frames: u64) {
        if let Some(track) = self.tracks.get_mut(&number) {
            track.note_dropped(frames);
        }
    }

    /// A frame of this track was left out because the disk takes nothing.
    pub fn handle_blocked(&mut self, number: TrackNumber) {
        if let Some(track) = self.tracks.get_mut(&number) {
            track.note_blocked();
        }
    }

    /// Takes a frame. One of a track that nobody named is not taken.
    pub fn handle_frame(&mut self, now: Instant, mut frame: Frame) {
        self.handle_timeout(now);
        if let Cut::Wanted(since) = self.cut
            && now >= since + LONGEST_WAIT
        {
            self.cut = Cut::Settling(frame.time, now + SETTLE);
            self.tracks.values_mut().for_each(Track::need_keyframe);
        }
        let Some(track) = self.tracks.get_mut(&frame.track) else { return };
        if !track.takes(now, &frame) {
            // Senders make no keyframe that nobody asks for.
            return self.ask_for_keyframe(now);
        }
        let Some(time) = track.in_order(frame.time) else { return };
        frame.time = time;
        self.place(now, frame);
        self.open_if_complete(now);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Cut::Settling(_, until) = self.cut
            && now >= until
        {
            self.close(now);
            self.open(now);
        }
        if self.segment.is_none() && self.waiting_since.is_some_and(|since| now >= since + GATHER) {
            self.open(now);
        }
        if let Some(cluster) = self.segment.as_mut().and_then(|segment| segment.due(now)) {
            self.outputs.push_back(Output::Write(cluster));
        }
        if self.is_cut_wanted() {
            self.ask_for_keyframe(now);
        }
    }

    /// Nothing more comes: ends the segment with all that is there.
    pub fn finish(&mut self, now: Instant) {
        if !self.waiting.is_empty() {
            self.close(now);
            self.open(now);
        }
        if let Some(segment) = &mut self.segment {
            segment.note_missing(&mut self.tracks);
        }
        self.close(now);
        // Where it goes on after all, another file begins.
        self.tracks.values_mut().for_each(Track::need_keyframe);
    }

    /// The file can't be written to: what is of it is given up. The next frames begin another one.
    pub fn abandon(&mut self) {
        self.segment = None;
        for frame in std::mem::take(&mut self.waiting) {
            self.handle_blocked(frame.track);
        }
        self.forget_waiting();
        self.cut = Cut::None;
        self.outputs.clear();
        self.tracks.values_mut().for_each(Track::need_keyframe);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let settled = if let Cut::Settling(_, until) = self.cut { Some(until) } else { None };
        let asked = self.is_cut_wanted().then(|| self.asked_at.map(|at| at + ASK_EVERY)).flatten();
        let gathered = self.waiting_since.filter(|_| self.segment.is_none()).map(|since| since + GATHER);
        let due = self.segment.as_ref().and_then(Segment::next_deadline);
        [settled, asked, gathered, due].into_iter().flatten().min()
    }

    /// What is known of the segment that began at this time; `None` where it has ended, though outputs of it may still wait.
    #[must_use]
    pub fn account_of(&self, begin: Duration) -> Option<&Account> {
        self.segment.as_ref().map(Segment::account).filter(|account| account.begin == begin)
    }

    /// Whether a track's number is one of video.
    #[must_use]
    pub fn is_video(&self, number: TrackNumber) -> bool {
        self.tracks.get(&number).is_some_and(Track::is_video)
    }

    /// Puts a frame where it belongs.
    fn place(&mut self, now: Instant, frame: Frame) {
        let Some(segment) = &mut self.segment else { return self.wait(now, frame) };
        if let Cut::Settling(at, _) = self.cut {
            let belongs_here = segment.has(frame.track) && frame.time < at;
            return if belongs_here { self.take(now, frame) } else { self.wait(now, frame) };
        }
        let is_new = !segment.has(frame.track);
        if (is_new || segment.is_full(self.limits, frame.time)) && self.cut == Cut::None {
            self.cut = Cut::Wanted(now);
        }
        if self.is_cut_wanted() && self.is_beginning(now, &frame) {
            self.cut = Cut::Settling(frame.time, now + SETTLE);
            if !self.is_video(frame.track) {
                // Pictures that come after all can't go on from those of another file.
                self.tracks.values_mut().for_each(Track::need_keyframe);
            }
            self.wait(now, frame);
        } else if is_new {
            self.wait(now, frame);
            self.ask_for_keyframe(now);
        } else {
            self.take(now, frame);
            if self.is_cut_wanted() {
                self.ask_for_keyframe(now);
            }
        }
    }

    const fn is_cut_wanted(&self) -> bool {
        matches!(self.cut, Cut::Wanted(_))
    }

    /// Whether a segment can begin with this frame: with a keyframe, while pictures come; else with any.
    fn is_beginning(&self, now: Instant, frame: &Frame) -> bool {
        let flows = |track: &&Track| track.is_video() && track.has_come_within(now, SILENT_AFTER);
        let is_video = self.is_video(frame.track);
        if is_video { frame.keyframe } else { !self.tracks.values().any(|track| flows(&track)) }
    }

    fn take(&mut self, now: Instant, frame: Frame) {
        let (Some(segment), Some(track)) = (&mut self.segment, self.tracks.get_mut(&frame.track)) else { return };
        if let Some(cluster) = segment.take(now, frame, track) {
            self.outputs.push_back(Output::Write(cluster));
        }
    }

    fn wait(&mut self, now: Instant, frame: Frame) {
        self.waiting_since.get_or_insert(now);
        self.waiting_bytes += frame.bytes.len();
        self.waiting.push(frame);
        if self.waiting_bytes > MOST_WAITING {
            // What of it could be decoded without the rest is not worth finding out.
            for frame in std::mem::take(&mut self.waiting) {
                if let Some(track) = self.tracks.get_mut(&frame.track) {
                    track.note_dropped(1);
                }
            }
            self.forget_waiting();
        }
    }

    fn forget_waiting(&mut self) {
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.waiting_since = None;
    }

    /// Nobody need be waited for: there are sound and pictures, and every track has come.
    fn open_if_complete(&mut self, now: Instant) {
        if self.segment.is_some() {
            return;
        }
        let comes = |number: &TrackNumber| self.waiting.iter().any(|frame| frame.track == *number);
        let present = || self.tracks.iter().filter(|(_, track)| !track.has_ended);
        let has = |kind| present().any(|(_, track)| track.codec.kind() == kind);
        if has(MediaKind::Audio) && has(MediaKind::Video) && present().all(|(number, _)| comes(number)) {
            self.open(now);
        }
    }

    /// Begins a segment with what waits, if anything does.
    fn open(&mut self, now: Instant) {
        self.cut = Cut::None;
        self.asked_at = None;
        let waiting = std::mem::take(&mut self.waiting);
        self.forget_waiting();
        // Backwards: the file names each track as its first keyframe has it.
        for frame in waiting.iter().rev() {
            if let Some(track) = self.tracks.get_mut(&frame.track) {
                track.read(frame);
            }
        }
        let Some((segment, opening)) = Segment::open(self.container, now, &self.tracks, &waiting) else { return };
        self.segment = Some(segment);
        self.outputs.push_back(Output::Open(opening));
        for frame in waiting {
            self.take(now, frame);
        }
        // They have waited long enough.
        if let Some(cluster) = self.segment.as_mut().and_then(|segment| segment.flush(now)) {
            self.outputs.push_back(Output::Write(cluster));
        }
    }

    fn close(&mut self, now: Instant) {
        self.cut = Cut::None;
        if let Some(mut segment) = self.segment.take() {
            self.outputs.extend(segment.flush(now).map(Output::Write));
            self.outputs.push_back(Output::Close(Box::new(segment.into_ended())));
        }
    }

    fn ask_for_keyframe(&mut self, now: Instant) {
        if self.asked_at.is_some_and(|at| now < at + ASK_EVERY) {
            return;
        }
        self.asked_at = Some(now);
        let video = self.tracks.iter().filter(|(_, track)| track.codec.kind() == MediaKind::Video && !track.has_ended);
        self.outputs.extend(video.map(|(number, _)| Output::AskForKeyframe(*number)));
    }
}

#[cfg(test)]
mod tests;
