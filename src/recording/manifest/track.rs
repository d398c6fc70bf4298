//! What is noted of a track.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{bounds, ms};
use crate::{
    bitstream::Dimensions,
    codec::{Codec, MediaKind},
};

/// How many changes of the size are listed. Whose link wavers changes it each few seconds.
const MAX_SIZES: usize = 128;

/// A track of a segment. Times are from the segment's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its `TrackNumber` in the file, from 1.
    pub number: u64,
    /// What it carries.
    pub kind: MediaKind,
    /// How it is encoded.
    pub codec: Codec,
    /// How large its pictures are, from when on. Of the changes the first 128.
    #[serde(deserialize_with = "bounds::list::<_, _, MAX_SIZES>")]
    pub sizes: Vec<SizeChange>,
    /// How many frames it has.
    pub frames: u64,
    /// How many of those are keyframes.
    pub keyframes: u64,
    /// How large they are together.
    pub bytes: u64,
    /// When the first frame is shown, in ms; `None` where there is none.
    #[serde(rename = "first_ms", with = "ms::optional", default)]
    pub first: Option<Duration>,
    /// When the last one is, in ms.
    #[serde(rename = "last_ms", with = "ms::optional", default)]
    pub last: Option<Duration>,
}

/// From here on pictures are so large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeChange {
    /// From when on, in ms.
    #[serde(rename = "at_ms", with = "ms")]
    pub at: Duration,
    /// How large.
    pub size: Dimensions,
}

impl Track {
    /// A track without frames.
    #[must_use]
    pub const fn new(number: u64, codec: Codec) -> Self {
        Self {
            number,
            kind: codec.kind(),
            codec,
            sizes: Vec::new(),
            frames: 0,
            keyframes: 0,
            bytes: 0,
            first: None,
            last: None,
        }
    }

    /// Counts a frame that is shown `at`, with what it says of itself.
    pub fn add(&mut self, at: Duration, bytes: u64, keyframe: bool, size: Option<Dimensions>) {
        self.frames += 1;
        self.keyframes += u64::from(keyframe);
        self.bytes = self.bytes.saturating_add(bytes);
        // Frames may be shown in another order than they come in.
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        let Some(size) = size.filter(|size| self.sizes.last().is_none_or(|last| last.size != *size)) else { return };
        if self.sizes.len() < MAX_SIZES {
            self.sizes.push(SizeChange { at, size });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_and_changes_of_the_size_listed() {
        let ms = Duration::from_millis;
        let (small, large) = (Dimensions { width: 320, height: 180 }, Dimensions { width: 1280, height: 720 });
        let mut track = Track::new(1, Codec::Vp8);
        track.add(ms(40), 100, true, Some(small));
        track.add(ms(0), 10, false, None);
        track.add(ms(80), 100, true, Some(small));
        track.add(ms(120), 900, true, Some(large));
        assert_eq!((track.frames, track.keyframes, track.bytes), (4, 3, 1110));
        assert_eq!((track.first, track.last), (Some(ms(0)), Some(ms(120))));
        assert_eq!(track.sizes, [SizeChange { at: ms(40), size: small }, SizeChange { at: ms(120), size: large }]);
        for number in 0..1000 {
            track.add(ms(number), 1, true, Some(if number % 2 == 0 { small } else { large }));
        }
        assert_eq!(track.sizes.len(), MAX_SIZES);
    }
}
