//! A track of a file, whatever kind of file that is.

use crate::codec::{Codec, MediaKind};

/// A track that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// How it is encoded.
    pub codec: Codec,
    /// What a decoder must know before the first frame. H.264: an `AVCDecoderConfigurationRecord` (ISO/IEC
    /// 14496-15), and frames of NAL units with their lengths before them. AV1: an `AV1CodecConfigurationRecord`, and frames
    /// without temporal delimiters. VP8, VP9 and Opus: nothing; Opus's is made here.
    pub private: Vec<u8>,
    /// How large the pictures are, or of how many channels the sound is.
    pub shape: Shape,
    /// What a player calls it, if it is to be called anything.
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
    pub(crate) fn check(&self) -> Result<(), TrackError> {
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
}
