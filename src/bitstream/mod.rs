//! What an encoded frame says of itself: whether a decoder can begin with it, how large its pictures are, and what a
//! Matroska file has to say of its track.
//!
//! Frames come from strangers. What can't be read says nothing: no frame is an error here.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::codec::Codec;

pub mod av1;
mod bits;
pub mod h264;
pub mod opus;
pub mod vp8;
pub mod vp9;

/// How large pictures are, in pixels; no frame's have a side of 0. Unlike those of a [`crate::units::Size`], sides may be odd:
/// a stranger chose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dimensions {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
}

/// What a frame says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// A decoder that has seen nothing before can begin with it.
    pub keyframe: bool,
    /// How large its pictures are, where it says so. Keyframes do; of others those of VP9 that change the size.
    pub size: Option<Dimensions>,
    /// Matroska's `CodecPrivate` for a track that begins with this frame: of keyframes only, and only of codecs that
    /// have one which is read from frames (H.264, AV1).
    pub private: Option<Vec<u8>>,
}

/// Looks at a frame: an access unit of H.264 as a byte stream, a frame of VP8, a frame or superframe of VP9, a temporal
/// unit of AV1 in the low-overhead format, or a packet of Opus.
#[must_use]
pub fn look(codec: Codec, frame: &[u8]) -> Look {
    match codec {
        Codec::H264 => h264::look(frame),
        Codec::Vp8 => vp8::look(frame),
        Codec::Vp9 => vp9::look(frame),
        Codec::Av1 => av1::look(frame),
        // Each packet can be decoded by itself, once the decoder has settled (RFC 7845, section 4.6).
        Codec::Opus => Look { keyframe: !frame.is_empty(), ..Look::default() },
    }
}

/// The frame as a block of a Matroska file holds it. Empty where nothing of it is worth storing.
#[must_use]
pub fn stored(codec: Codec, frame: &[u8]) -> Cow<'_, [u8]> {
    match codec {
        Codec::H264 => Cow::Owned(h264::stored(frame)),
        Codec::Av1 => av1::stored(frame),
        Codec::Vp8 | Codec::Vp9 | Codec::Opus => Cow::Borrowed(frame),
    }
}

impl Dimensions {
    /// So large; `None` where one side is 0.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Option<Self> {
        if width == 0 || height == 0 { None } else { Some(Self { width, height }) }
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests;
