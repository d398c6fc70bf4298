//! Which kind of file a segment is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{codec::Codec, matroska::DocType, mp4};

mod found;
mod writer;

pub use found::{Found, Unreadable};
pub(super) use writer::Writer;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// Matroska (RFC 9559).
    Matroska,
    /// WebM: Matroska with VP8, VP9, AV1 and Opus alone.
    WebM,
    /// Fragmented MP4 (ISO/IEC 14496-12), with H.264, VP9, AV1 and Opus.
    Mp4,
}

impl Container {
    /// The kind that holds all these codecs: this one, if it does, or else Matroska, which holds any.
    #[must_use]
    pub fn or_matroska(self, codecs: impl IntoIterator<Item = Codec>) -> Self {
        if codecs.into_iter().all(|codec| self.takes(codec)) { self } else { Self::Matroska }
    }

    /// Whether a file of this kind may have a track of such a codec.
    #[must_use]
    pub const fn takes(self, codec: Codec) -> bool {
        match self {
            Self::Matroska => DocType::Matroska.takes(codec),
            Self::WebM => DocType::WebM.takes(codec),
            Self::Mp4 => mp4::takes(codec),
        }
    }

    /// What its files' names end with, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Matroska => DocType::Matroska.extension(),
            Self::WebM => DocType::WebM.extension(),
            Self::Mp4 => "mp4",
        }
    }

    /// The kind whose files' names end with this.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        [Self::Matroska, Self::WebM, Self::Mp4].into_iter().find(|kind| kind.extension() == extension)
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matroska => "Matroska",
            Self::WebM => "WebM",
            Self::Mp4 => "MP4",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kind_does_not_hold_goes_into_matroska() {
        for (asked, codecs, got) in [
            (Container::Matroska, [Codec::H264, Codec::Opus], Container::Matroska),
            (Container::WebM, [Codec::Vp8, Codec::Opus], Container::WebM),
            (Container::WebM, [Codec::H264, Codec::Opus], Container::Matroska),
            (Container::Mp4, [Codec::H264, Codec::Opus], Container::Mp4),
            (Container::Mp4, [Codec::Vp9, Codec::Av1], Container::Mp4),
            (Container::Mp4, [Codec::Vp8, Codec::Opus], Container::Matroska),
        ] {
            assert_eq!(asked.or_matroska(codecs), got, "{codecs:?} into {asked}");
        }
    }
}
