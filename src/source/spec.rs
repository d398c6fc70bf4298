//! A source as it is configured, checked and typed.

use std::{fmt, path::PathBuf, time::Duration};

use super::sound;
use crate::{codec::MediaKind, ids::SourceName, units::Size};

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// Pictures.
    Video(VideoSpec),
    /// Sound: 48 kHz, stereo.
    Audio(AudioSpec),
}

/// A source of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoSpec {
    /// Its name.
    pub name: SourceName,
    /// What it captures.
    pub kind: VideoKind,
    /// What takers get, whatever the device delivers.
    pub size: Size,
    /// Frames a second.
    pub fps: u32,
    /// Whether it is captured and encoded also while nobody takes it.
    pub keep: bool,
}

/// What a source of pictures captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoKind {
    /// A test picture with a running clock and a frame counter.
    Test {
        /// A pattern of `videotestsrc`: `smpte`, `ball`, ...
        pattern: String,
    },
    /// A V4L2 camera.
    Camera {
        /// By-id or by-path name, serial, card name or node; `None` for the first that there is.
        device: Option<String>,
    },
    /// A V4L2 camera whose own H.264 is passed on as it is, in the mode that comes closest to size and rate.
    H264Camera {
        /// As of a camera.
        device: Option<String>,
    },
    /// An X display.
    Screen {
        /// `:0`; `None` for `$DISPLAY`.
        display: Option<String>,
        /// A part of it; `None` for the whole.
        region: Option<Region>,
        /// Whether the mouse pointer is in the picture.
        pointer: bool,
    },
    /// A media file, from the start again when it ends.
    File {
        /// Where it is.
        path: PathBuf,
    },
}

/// A part of a screen, in pixels from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// How large.
    pub size: Size,
}

/// A source of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioSpec {
    /// Its name.
    pub name: SourceName,
    /// What it captures.
    pub kind: AudioKind,
    /// Whether it is captured and encoded also while nobody takes it.
    pub keep: bool,
}

/// What a source of sound captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioKind {
    /// A test tone with a tick each second.
    Test {
        /// A wave of `audiotestsrc`: `sine`, `silence`, ...
        wave: String,
    },
    /// A PulseAudio source.
    Microphone {
        /// Its PulseAudio name or description; `None` for the default.
        device: Option<String>,
    },
    /// What a PulseAudio sink plays.
    Monitor {
        /// The sink's name or description; `None` for the default.
        device: Option<String>,
    },
    /// A media file, from the start again when it ends.
    File {
        /// Where it is.
        path: PathBuf,
    },
}

impl Spec {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &SourceName {
        match self {
            Self::Video(video) => &video.name,
            Self::Audio(audio) => &audio.name,
        }
    }

    /// Whether it is captured and encoded also while nobody takes it.
    #[must_use]
    pub const fn keep(&self) -> bool {
        match self {
            Self::Video(video) => video.keep,
            Self::Audio(audio) => audio.keep,
        }
    }

    /// Whether it comes encoded, and is passed on as it is.
    #[must_use]
    pub const fn is_passed_through(&self) -> bool {
        matches!(self, Self::Video(VideoSpec { kind: VideoKind::H264Camera { .. }, .. }))
    }

    /// Whether it takes what a sound server captures.
    #[must_use]
    pub const fn is_of_sound_server(&self) -> bool {
        use AudioKind::{Microphone, Monitor};
        matches!(self, Self::Audio(AudioSpec { kind: Microphone { .. } | Monitor { .. }, .. }))
    }

    /// How much of it is kept where nobody reads it in time: it comes late then, and is not lost.
    #[must_use]
    pub const fn kept(&self) -> Duration {
        if self.is_of_sound_server() { sound::KEPT } else { Duration::ZERO }
    }

    /// Whether `other` can take its place behind the same encoders: nothing differs but where pictures or sound come from.
    #[must_use]
    pub fn has_form_of(&self, other: &Self) -> bool {
        let is_raw = !self.is_passed_through() && !other.is_passed_through();
        let is_same = match (self, other) {
            (Self::Video(one), Self::Video(other)) => one.size == other.size && one.fps == other.fps,
            (one, other) => one.media() == other.media(),
        };
        is_raw && is_same && self.keep() == other.keep()
    }

    /// What it gives.
    #[must_use]
    pub const fn media(&self) -> MediaKind {
        match self {
            Self::Video(_) => MediaKind::Video,
            Self::Audio(_) => MediaKind::Audio,
        }
    }
}

/// As `--video` and `--audio` have it: `test`, `camera:front`.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what) = match self {
            Self::Video(video) => match &video.kind {
                VideoKind::Test { pattern } => ("test", Some(pattern.clone())),
                VideoKind::Camera { device } | VideoKind::H264Camera { device } => ("camera", device.clone()),
                VideoKind::Screen { display, .. } => ("screen", display.clone()),
                VideoKind::File { path } => ("file", Some(path.display().to_string())),
            },
            Self::Audio(audio) => match &audio.kind {
                AudioKind::Test { wave } => ("test", Some(wave.clone())),
                AudioKind::Microphone { device } => ("microphone", device.clone()),
                AudioKind::Monitor { device } => ("monitor", device.clone()),
                AudioKind::File { path } => ("file", Some(path.display().to_string())),
            },
        };
        match what {
            Some(what) => write!(f, "{kind}:{what}"),
            None => f.write_str(kind),
        }
    }
}
