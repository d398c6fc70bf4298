//! What is known of a track, whichever segment it is in.

use std::time::{Duration, Instant};

use super::{frame::Frame, manifest::GapKind};
use crate::{
    bitstream::{self, Dimensions},
    codec::{Codec, MediaKind},
    container::{self, Shape},
};

/// A track that was silent for longer has a gap. Pictures of a still screen come a second apart.
const SILENT_AFTER: Duration = Duration::from_millis(1500);

/// What a picture takes that no other follows: at 30/s.
const USUAL_LENGTH: Duration = Duration::from_millis(33);

/// How long a picture counts at most; what is longer is silence.
const LONGEST_LENGTH: Duration = Duration::from_secs(1);

/// Frames come so far from where the last one ended though none is missing: times are rounded, and lengths supposed.
const SLACK: Duration = Duration::from_millis(5);

/// How far apart times are at least: Matroska's clock here counts in ms (TimestampScale).
const TICK: Duration = Duration::from_millis(1);

/// How far a track's times may run ahead of what is said: who sends many frames of one moment would have the track leave
/// the others behind.
const MOST_AHEAD: Duration = Duration::from_secs(1);

/// A track from its first frame to its last.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) codec: Codec,
    /// No more frames come.
    pub(super) has_ended: bool,
    /// What a container says of it: its `CodecPrivate`, and its size. Of the last keyframe.
    pub(super) private: Vec<u8>,
    pub(super) size: Option<Dimensions>,
    /// When the last frame came.
    came_at: Option<Instant>,
    /// The time of the last frame that came and was good.
    newest: Option<Duration>,
    /// The time of the last frame that was taken, and where that ends, as far as it can be told.
    last: Option<Duration>,
    end: Option<Duration>,
    needs_keyframe: bool,
    /// Frames since then that are not in the file.
    missing: Option<Missing>,
}

/// Frames that are not in the file.
#[derive(Debug, Clone, Copy)]
struct Missing {
    /// Why.
    kind: GapKind,
    frames: u64,
    /// The time of the first of them, where that is known.
    since: Option<Duration>,
}

/// A piece of time without frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) kind: GapKind,
    /// How many frames are missing, where that is known.
    pub(super) frames: Option<u64>,
}

impl Track {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            has_ended: false,
            private: Vec::new(),
            size: None,
            came_at: None,
            newest: None,
            last: None,
            end: None,
            needs_keyframe: codec.kind() == MediaKind::Video,
            missing: None,
        }
    }

    pub(super) fn is_video(&self) -> bool {
        self.codec.kind() == MediaKind::Video
    }

    /// Whether a file that begins now could name it: something of it has been taken.
    pub(super) fn has_begun(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn has_come_within(&self, now: Instant, time: Duration) -> bool {
        self.came_at.is_some_and(|at| now.saturating_duration_since(at) <= time)
    }

    /// Whether this frame can be decoded with what was taken before it. The first has to say what a file names of it.
    pub(super) fn takes(&mut self, now: Instant, frame: &Frame) -> bool {
        self.came_at = Some(now);
        if self.needs_keyframe && !frame.keyframe {
            self.note_missing(GapKind::Broken, 1, Some(frame.time));
            return false;
        }
        if self.described().is_none() {
            self.read(frame);
            if self.described().is_none() {
                self.note_missing(GapKind::Broken, 1, Some(frame.time));
                return false;
            }
        }
        self.needs_keyframe = false;
        true
    }

    /// The time of a frame in the file: behind that of the one before. When a sender's report corrects how sound and
    /// pictures belong together (RFC 3550, section 6.4.1), a track's times move, and may move back by more than a frame; but
    /// no codec of the house has pictures that are shown in another order than they come in. `None`: it is left out.
    pub(super) fn in_order(&mut self, time: Duration) -> Option<Duration> {
        let in_order = self.newest.map_or(time, |newest| time.max(newest + TICK));
        if in_order > time + MOST_AHEAD {
            self.note_missing(GapKind::Broken, 1, Some(time));
            self.need_keyframe();
            return None;
        }
        self.newest = Some(in_order);
        Some(in_order)
    }

    /// What follows does not go on from what was taken last.
    pub(super) fn need_keyframe(&mut self) {
        self.needs_keyframe = self.is_video();
    }

    /// The disk did not keep up. What follows it can't be decoded.
    pub(super) fn note_dropped(&mut self, frames: u64) {
        self.note_missing(GapKind::Dropped, frames, None);
        self.need_keyframe();
    }

    /// The disk takes nothing.
    pub(super) fn note_blocked(&mut self) {
        self.note_missing(GapKind::Disk, 1, None);
        self.need_keyframe();
    }

    /// Reads what a keyframe says of the track.
    pub(super) fn read(&mut self, frame: &Frame) {
        if !frame.keyframe || !self.is_video() {
            return;
        }
        let look = bitstream::look(self.codec, &frame.bytes);
        if let Some(private) = look.private {
            self.private = private;
        }
        self.size = look.size.or(self.size);
    }

    /// How a file names it; `None` while nothing is known of its pictures.
    pub(super) fn described(&self) -> Option<container::Track> {
        let shape = match (self.is_video(), self.size) {
            // WebRTC's Opus is always of two channels (RFC 7587, section 4.1).
            (false, _) => Shape::Audio { channels: 2, sample_rate: self.codec.clock_rate() },
            (true, Some(Dimensions { width, height })) if self.is_configured() => Shape::Video { width, height },
            (true, _) => return None,
        };
        Some(container::Track { codec: self.codec, private: self.private.clone(), shape, name: None })
    }

    /// Whether its decoder would know what it must before the first frame.
    fn is_configured(&self) -> bool {
        !matches!(self.codec, Codec::H264 | Codec::Av1) || !self.private.is_empty()
    }

    /// Goes on to `frame`; what is missing before it.
    pub(super) fn advance(&mut self, frame: &Frame) -> Option<Hole> {
        let since_last = self.last.map(|last| frame.time.saturating_sub(last));
        let length = self.length_of(frame, since_last);
        self.last = Some(frame.time);
        let (missing, end) = (self.missing.take(), self.end.replace(frame.time + length));
        let from = end.or_else(|| missing.and_then(|missing| missing.since))?;
        let silence = frame.time.saturating_sub(from);
        let (kind, frames) = match missing {
            Some(Missing { kind, frames, .. }) => (kind, Some(frames)),
            None if frame.after_loss && silence > SLACK => (GapKind::Lost, None),
            None if silence > SILENT_AFTER => (GapKind::Silent, None),
            None => return None,
        };
        Some(Hole { from, to: frame.time.max(from), kind, frames })
    }

    /// What is missing at the end, where nothing more comes before `to`.
    pub(super) fn take_missing(&mut self, to: Duration) -> Option<Hole> {
        let Missing { kind, frames, since } = self.missing.take()?;
        let from = self.end.or(since)?;
        Some(Hole { from, to: to.max(from), kind, frames: Some(frames) })
    }

    /// How long a frame is shown or heard. A picture says nothing of it: as long as the one before.
    fn length_of(&self, frame: &Frame, since_last: Option<Duration>) -> Duration {
        let said = if self.codec == Codec::Opus { bitstream::opus::duration(&frame.bytes) } else { None };
        said.or(since_last.filter(|length| *length <= LONGEST_LENGTH)).unwrap_or(USUAL_LENGTH)
    }

    /// Where the last frame that was taken ends.
    pub(super) fn end(&self) -> Option<Duration> {
        self.end
    }

    /// The first reason is the one that counts: what comes after it may be its consequence.
    fn note_missing(&mut self, kind: GapKind, frames: u64, since: Option<Duration>) {
        let missing = self.missing.get_or_insert(Missing { kind, frames: 0, since });
        missing.frames = missing.frames.saturating_add(frames);
    }
}
