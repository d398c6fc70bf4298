//! A track of a file, as its header tells it (TrackEntry).

use super::{element::WriteElements, id::Id, opus};
use crate::codec::{Codec, MediaKind};

/// A track that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// How it is encoded.
    pub codec: Codec,
    /// What a decoder must know before the first frame (CodecPrivate). H.264: an `AVCDecoderConfigurationRecord` (ISO/IEC
    /// 14496-15), and frames of NAL units with their lengths before them. AV1: an `AV1CodecConfigurationRecord`, and frames
    /// without temporal delimiters. VP8, VP9 and Opus: nothing; Opus's is made here.
    pub private: Vec<u8>,
    /// How large the pictures are, or of how many channels the sound is.
    pub shape: Shape,
    /// What a player calls it (Name), if it is to be called anything.
    pub name: Option<String>,
}

/// What a track's frames hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Pictures.
    Video {
        /// Pixels in a line.
        width: u32,
        /// Lines.
        height: u32,
    },
    /// Sound.
    Audio {
        /// How many channels.
        channels: u8,
        /// Samples in a second, in each. Of Opus: before it was encoded; it is always decoded to 48 kHz.
        sample_rate: u32,
    },
}

impl Shape {
    /// Pictures or sound.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            Self::Video { .. } => MediaKind::Video,
            Self::Audio { .. } => MediaKind::Audio,
        }
    }
}

/// A track that no player could play. Whoever made it up is to blame; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// Sound in the shape of pictures, or pictures in that of sound.
    #[error("{codec} is {}, but the track has the shape of {shape}", codec.kind())]
    Shape {
        /// What it is encoded with.
        codec: Codec,
        /// What it was said to be.
        shape: MediaKind,
    },
    /// Pictures of no size; the first frame tells it.
    #[error("expected pictures of at least 1x1, got {width}x{height}")]
    NoSize {
        /// Pixels in a line.
        width: u32,
        /// Lines.
        height: u32,
    },
    /// Opus of so many channels needs a table of them, which is not made here.
    #[error("expected Opus of 1 or 2 channels, got {0}")]
    Channels(u8),
    /// What a decoder must know is missing, or of another form.
    #[error("expected {expected} as the codec's private data for {codec}, got {length} bytes that are not")]
    Private {
        /// What it is encoded with.
        codec: Codec,
        /// What must be known.
        expected: &'static str,
        /// How many bytes came.
        length: usize,
    },
}

impl Track {
    /// Whether a player could play it.
    pub(super) fn check(&self) -> Result<(), TrackError> {
        let Self { codec, shape, .. } = *self;
        if codec.kind() != shape.kind() {
            return Err(TrackError::Shape { codec, shape: shape.kind() });
        }
        match shape {
            Shape::Video { width, height } if width == 0 || height == 0 => {
                return Err(TrackError::NoSize { width, height });
            }
            Shape::Audio { channels, .. } if !(1..=2).contains(&channels) => {
                return Err(TrackError::Channels(channels));
            }
            Shape::Video { .. } | Shape::Audio { .. } => {}
        }
        // Both records begin with their version; AV1's has a marker bit before it.
        let (is_right, expected) = match (codec, self.private.as_slice()) {
            (Codec::H264, private) => (private.len() >= 7 && private.starts_with(&[1]), "an avcC record"),
            (Codec::Av1, private) => (private.len() >= 4 && private.starts_with(&[0x81]), "an av1C record"),
            (Codec::Vp8 | Codec::Vp9 | Codec::Opus, private) => (private.is_empty(), "nothing"),
        };
        let length = self.private.len();
        if is_right { Ok(()) } else { Err(TrackError::Private { codec, expected, length }) }
    }

    /// Appends its TrackEntry.
    pub(super) fn write(&self, number: u64, out: &mut Vec<u8>) {
        out.master(Id::TRACK_ENTRY, |entry| {
            entry.uint(Id::TRACK_NUMBER, number);
            // One that is unique where files are joined is for who joins them to make.
            entry.uint(Id::TRACK_UID, number);
            entry.uint(Id::TRACK_TYPE, type_of(self.codec.kind()));
            entry.uint(Id::FLAG_LACING, 0);
            entry.binary(Id::LANGUAGE, b"und");
            if let Some(name) = &self.name {
                entry.binary(Id::NAME, name.as_bytes());
            }
            entry.binary(Id::CODEC_ID, codec_id(self.codec).as_bytes());
            if !self.private.is_empty() {
                entry.binary(Id::CODEC_PRIVATE, &self.private);
            }
            match self.shape {
                Shape::Video { width, height } => entry.master(Id::VIDEO, |video| {
                    video.uint(Id::PIXEL_WIDTH, width.into());
                    video.uint(Id::PIXEL_HEIGHT, height.into());
                }),
                Shape::Audio { channels, sample_rate } => {
                    entry.binary(Id::CODEC_PRIVATE, &opus::head(channels, sample_rate));
                    entry.uint(Id::CODEC_DELAY, opus::DELAY.as_nanos() as u64);
                    entry.uint(Id::SEEK_PRE_ROLL, opus::SEEK_PRE_ROLL.as_nanos() as u64);
                    entry.master(Id::AUDIO, |audio| {
                        audio.float(Id::SAMPLING_FREQUENCY, 48_000.0);
                        audio.uint(Id::CHANNELS, channels.into());
                    });
                }
            }
        });
    }
}

/// A codec's name (CodecID).
pub(super) const fn codec_id(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "V_MPEG4/ISO/AVC",
        Codec::Vp8 => "V_VP8",
        Codec::Vp9 => "V_VP9",
        Codec::Av1 => "V_AV1",
        Codec::Opus => "A_OPUS",
    }
}

/// What a track holds (TrackType).
const fn type_of(kind: MediaKind) -> u64 {
    match kind {
        MediaKind::Video => 1,
        MediaKind::Audio => 2,
    }
}

/// The same, of a file that somebody else may have made: `None` for subtitles and what else there is.
pub(super) const fn kind_of(track_type: u64) -> Option<MediaKind> {
    match track_type {
        1 => Some(MediaKind::Video),
        2 => Some(MediaKind::Audio),
        _ => None,
    }
}
