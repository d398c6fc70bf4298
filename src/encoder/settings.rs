//! Encoding as it is configured.

use std::{path::PathBuf, time::Duration};

use super::{Catalogue, Picture, Target};
use crate::{codec::Codec, quality, source::Spec, units::Bitrate};

/// How everything is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which video codecs peers are offered.
    pub codecs: CodecChoice,
    /// Which element encodes the first codec, or that of the wanted ones which it can.
    pub element: ElementChoice,
    /// Of each video encode.
    pub video_bitrate: Bitrate,
    /// Of each audio encode.
    pub audio_bitrate: Bitrate,
    /// In how many qualities video can be had, each of a quarter of the bitrate and half the sides of the one before.
    pub rungs: usize,
    /// What may be sent to all peers together; `None` for no limit.
    pub uplink: Option<Bitrate>,
    /// The encoders that are known.
    pub catalogue: Catalogue,
    /// Until an encoder that failed is tried again. Twice as long each time, up to an hour.
    pub retry_after: Duration,
    /// The folder where it is kept what trials of encoders have shown; `None`: nowhere.
    pub cache: Option<PathBuf>,
}

/// Nothing but the bitrates is asked for.
impl Default for Settings {
    fn default() -> Self {
        Self {
            codecs: CodecChoice::Auto,
            element: ElementChoice::Auto,
            video_bitrate: Bitrate::from_bits(2_000_000),
            audio_bitrate: Bitrate::from_bits(64_000),
            rungs: 2,
            uplink: None,
            catalogue: Catalogue::default(),
            retry_after: Duration::from_secs(30),
            cache: None,
        }
    }
}

impl Settings {
    /// Whether an encode is the same with these and with `other`: what may be sent in all is no part of it.
    #[must_use]
    pub fn encodes_as(&self, other: &Self) -> bool {
        // By name, so that one that is new does not compile before it is decided.
        let Self { codecs, element, video_bitrate, audio_bitrate, rungs, uplink: _, catalogue, retry_after, cache } =
            self;
        *codecs == other.codecs
            && *element == other.element
            && *video_bitrate == other.video_bitrate
            && *audio_bitrate == other.audio_bitrate
            && *rungs == other.rungs
            && *catalogue == other.catalogue
            && *retry_after == other.retry_after
            && *cache == other.cache
    }

    /// What an encode of `source` in full is to be like.
    #[must_use]
    pub fn target(&self, source: &Spec) -> Target {
        match source {
            Spec::Audio(_) => Target { bitrate: self.audio_bitrate, picture: None },
            Spec::Video(video) => {
                let picture = Picture { size: video.size, fps: video.fps };
                Target { bitrate: self.video_bitrate, picture: Some(picture) }
            }
        }
    }

    /// The qualities that `source` can be had in, the best first.
    #[must_use]
    pub fn rungs(&self, source: &Spec) -> Vec<(quality::Rung, Target)> {
        let full = self.target(source);
        let count = if full.picture.is_some() { self.rungs } else { 1 };
        let target = |(index, rung): (usize, quality::Rung)| {
            let smaller = |picture: Picture| Picture { size: quality::size(picture.size, index), ..picture };
            (rung, Target { bitrate: rung.bitrate, picture: full.picture.map(smaller) })
        };
        quality::rungs(full.bitrate, count).into_iter().enumerate().map(target).collect()
    }
}

/// Which video codecs peers are offered, the preferred one first; each peer takes one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodecChoice {
    /// H.264 where an encoder for it is found, then VP8. Each browser takes one of the two, and in software a small
    /// machine can encode no others.
    Auto,
    /// This one, then those of `Auto` for peers that do not take it.
    First(Codec),
    /// These, and no others.
    Only(Vec<Codec>),
}

/// Which element encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementChoice {
    /// The first of the catalogue that works here.
    Auto,
    /// This one.
    Named(String),
}
