//! A track that was found in a file, whatever kind of file that is.

use std::time::Duration;

use super::Shape;
use crate::codec::{Codec, MediaKind};

/// A track of a file, and what there is of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScannedTrack {
    /// Its number.
    pub number: u64,
    /// Whether it is sound or pictures, or something else.
    pub kind: Option<MediaKind>,
    /// How it is encoded, in the file's words: Matroska's CodecID, the first 256 bytes of it, or the type of MP4's sample
    /// entry, such as `avc3`.
    pub codec_id: String,
    /// The same, if it is a codec of the house.
    pub codec: Option<Codec>,
    /// What a decoder must know: Matroska's CodecPrivate; what is in `avcC`, `av1C`, `vpcC` or `dOps` of MP4.
    pub private: Vec<u8>,
    /// How large the pictures are, or of how many channels the sound is. Matroska's Opus says 48 kHz, whatever it was made of.
    pub shape: Option<Shape>,
    /// What a player calls it, the first 256 bytes of it.
    pub name: Option<String>,
    /// How many frames there are; of Matroska, blocks: one of another muxer's may hold several.
    pub frames: u64,
    /// How many of them decoding can begin with.
    pub keyframes: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// The earliest one's time, counted from the file's start.
    pub first: Option<Duration>,
    /// The latest one's time.
    pub last: Option<Duration>,
    /// When the last one is over; in Matroska, which does not say that, when it comes.
    pub end: Option<Duration>,
}

impl ScannedTrack {
    /// The same with what there is of it, when ticks are such times.
    pub(crate) fn counted(self, count: Count, time: impl Fn(u64) -> Duration) -> Self {
        let Count { frames, keyframes, bytes, span, end } = count;
        let (first, last) = span.map(|(first, last)| (time(first), time(last))).unzip();
        Self { frames, keyframes, bytes, first, last, end: span.map(|_| time(end)), ..self }
    }
}

/// What there is of a track. Times are in ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) frames: u64,
    keyframes: u64,
    bytes: u64,
    /// The earliest and the latest frame's time.
    span: Option<(u64, u64)>,
    /// When the last frame is over.
    pub(crate) end: u64,
}

impl Count {
    /// One frame.
    pub(crate) fn one(time: u64, end: u64, bytes: u64, is_keyframe: bool) -> Self {
        Self { frames: 1, keyframes: is_keyframe.into(), bytes, span: Some((time, time)), end }
    }

    /// Adds what comes behind it.
    pub(crate) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.keyframes += other.keyframes;
        self.bytes += other.bytes;
        self.span = match (self.span, other.span) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
        self.end = self.end.max(other.end);
    }
}
