//! Encoding as it is configured.

use crate::{codec::Codec, units::Bitrate};

/// How everything is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The video codec that peers are offered first; `None` for H.264 where an encoder for it is found,
    /// else VP8. The others that can be encoded are offered after it.
    pub codec: Option<Codec>,
    /// Which element encodes the first codec.
    pub element: ElementChoice,
    /// Of each video encode.
    pub video_bitrate: Bitrate,
    /// Of each audio encode.
    pub audio_bitrate: Bitrate,
}

/// Which element encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementChoice {
    /// The first of the catalogue that works here.
    Auto,
    /// This one.
    Named(String),
}
