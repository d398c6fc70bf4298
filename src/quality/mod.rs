//! Which quality each viewer gets, and at what bitrate it is made: pure policies. Time and counts are arguments.
//!
//! A source is encoded in a few *rungs*: full, and smaller ones. Each viewer's [`link::Link`] says what its link bears;
//! the [`ladder::Ladder`] seats the viewers on rungs and says at which bitrate each rung is encoded; a [`budget`] shares
//! out what the box may send in all. A [`verdict`] says in words how a viewer does.

pub mod arrivals;
pub mod budget;
pub mod estimator;
pub mod ladder;
pub mod link;
pub mod meter;
pub mod splice;
pub mod steady;
pub mod verdict;

use crate::units::{Bitrate, Size};

/// How much more goes over the wire than the encoder makes, for video: RTP, its extension, SRTP, UDP and IPv4 add some
/// 58 bytes to packets of 1200.
pub const VIDEO_OVERHEAD: f64 = 1.05;

/// What 50 packets of sound a second add to what the encoder makes: 58 bytes each.
pub const AUDIO_OVERHEAD: Bitrate = Bitrate::from_bits(50 * 58 * 8);

/// What a link is said to bear that has borne all that it was ever asked to. Nothing is known of where it ends.
pub const UNLIMITED: Bitrate = Bitrate::from_bits(u32::MAX);

/// The most that a link is asked to bear of an encode that has so much in `full`: more than is sent of it, to tell a link
/// that just bears it from a better one.
#[must_use]
pub fn asked(full: Bitrate) -> Bitrate {
    scaled(full, 1.5)
}

/// One quality of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// What it is encoded at where links bear it.
    pub bitrate: Bitrate,
    /// What it is encoded at at least. Who bears less is not waited for.
    pub floor: Bitrate,
}

/// The rungs of a source that is encoded at `full`, the best first: each of a quarter of the bitrate of the one before.
#[must_use]
pub fn rungs(full: Bitrate, count: usize) -> Vec<Rung> {
    (0..count.max(1))
        .map(|index| {
            let bitrate = full.bits() >> (2 * index).min(31);
            // Between two rungs, half of the better one is as good as the next one's picture in full. Below the last
            // there is none: it may get bad.
            let part = if index + 1 < count { 2 } else { 4 };
            Rung { bitrate: Bitrate::from_bits(bitrate.max(1)), floor: Bitrate::from_bits((bitrate / part).max(1)) }
        })
        .collect()
}

/// The size of the pictures of a rung: half the sides of the one before, even, and none so small that encoders refuse it.
#[must_use]
pub fn size(full: Size, index: usize) -> Size {
    const SMALLEST: u32 = 64;
    let side = |side: u32| ((side >> index.min(31)) & !1).max(SMALLEST.min(side));
    Size { width: side(full.width), height: side(full.height) }
}

/// `share` of a bitrate.
pub(crate) fn scaled(bitrate: Bitrate, share: f64) -> Bitrate {
    // Saturates where it does not fit.
    Bitrate::from_bits((f64::from(bitrate.bits()) * share) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_is_a_quarter_of_the_one_before_in_bits_and_pixels() {
        let of = |full, count| rungs(Bitrate::from_bits(full), count);
        let bits: Vec<_> = of(2_000_000, 3).iter().map(|rung| (rung.bitrate.bits(), rung.floor.bits())).collect();
        assert_eq!(bits, [(2_000_000, 1_000_000), (500_000, 250_000), (125_000, 31_250)]);
        let full = Size { width: 1280, height: 720 };
        assert_eq!(size(full, 0), full);
        assert_eq!(size(full, 1), Size { width: 640, height: 360 });
        assert_eq!(size(Size { width: 1366, height: 766 }, 1), Size { width: 682, height: 382 });
        assert_eq!(size(Size { width: 80, height: 48 }, 2), Size { width: 64, height: 48 });
    }

    #[test]
    fn there_is_always_one_rung() {
        let one = rungs(Bitrate::from_bits(1_000_000), 0);
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].floor.bits(), 250_000);
    }
}
