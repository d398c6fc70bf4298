//! What an encode is to be like.

use crate::units::{Bitrate, Size};

/// What an encoder is asked for when it starts. The bitrate can be changed while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Of what comes out.
    pub bitrate: Bitrate,
    /// Of pictures; `None` for sound.
    pub picture: Option<Picture>,
}

/// The pictures that come out, whatever goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Their size, scaled to where what goes in is of another.
    pub size: Size,
    /// How many a second go in, and come out.
    pub fps: u32,
}
