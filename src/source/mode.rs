//! A camera's modes, and which of them is used. Pure.

use super::caps::{Offer, Rates};
use crate::units::Size;

/// What a camera delivers at one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    pub(super) encoding: Encoding,
    pub(super) size: Size,
    pub(super) rate: Rate,
}

/// How its pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Pixels.
    Raw,
    /// One JPEG for each picture.
    Jpeg,
    /// H.264, for who wants it as it is.
    H264,
}

/// Frames a second, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl Encoding {
    /// The one of this name in GStreamer; `None` of what is not used here.
    pub(super) fn of(media: &str) -> Option<Self> {
        match media {
            "video/x-raw" => Some(Self::Raw),
            "image/jpeg" => Some(Self::Jpeg),
            "video/x-h264" => Some(Self::H264),
            _ => None,
        }
    }

    /// Its name for people and programs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Jpeg => "jpeg",
            Self::H264 => "h264",
        }
    }
}

impl Rate {
    /// In frames a second.
    pub(super) fn fps(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// What comes closest to it of all between two.
    const fn within(self, least: Self, most: Self) -> Self {
        if self.is_below(least) {
            least
        } else if most.is_below(self) {
            most
        } else {
            self
        }
    }

    const fn is_below(self, other: Self) -> bool {
        (self.numerator as u64) * (other.denominator as u64) < (other.numerator as u64) * (self.denominator as u64)
    }

    const fn millihertz(self) -> u64 {
        self.numerator as u64 * 1000 / if self.denominator == 0 { 1 } else { self.denominator as u64 }
    }
}

/// The modes of what a camera offers. Where it has ranges, what is wanted is taken out of them.
pub(super) fn all(offers: &[Offer], size: Size, fps: u32) -> Vec<Mode> {
    let mut modes = Vec::new();
    for Offer { media, width, height, rates } in offers {
        let Some(encoding) = Encoding::of(media) else { continue };
        let size = Size { width: width.nearest(size.width), height: height.nearest(size.height) };
        let wanted = Rate { numerator: fps, denominator: 1 };
        let rates = match rates {
            Rates::Each(rates) => rates.clone(),
            Rates::Between(least, most) => vec![wanted.within(*least, *most)],
        };
        modes.extend(rates.into_iter().map(|rate| Mode { encoding, size, rate }));
    }
    modes
}

/// The mode that comes closest to `size` at `fps`.
///
/// First of all the rate is reached, as far as there is one that reaches it: motion can't be made up. Then the size: a
/// larger picture can be scaled down, a smaller one lacks detail. Then as few pixels as possible; and raw before JPEG,
/// which costs a decode and has lost something.
pub(super) fn best(modes: &[Mode], size: Size, fps: u32) -> Option<Mode> {
    let wanted = u64::from(fps) * 1000;
    modes.iter().copied().min_by_key(|mode| {
        // 29.97 is 30.
        let missing_rate = (wanted.saturating_sub(mode.rate.millihertz()) / 100).saturating_sub(1);
        let missing_size = u64::from(size.width.saturating_sub(mode.size.width))
            + u64::from(size.height.saturating_sub(mode.size.height));
        let pixels = u64::from(mode.size.width) * u64::from(mode.size.height);
        // More than twice the rate is a cost, too.
        let surplus_rate = mode.rate.millihertz().saturating_sub(wanted) / 1000;
        (missing_rate.min(wanted), missing_size, pixels, mode.encoding == Encoding::Jpeg, surplus_rate)
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding::*, *};

    const fn mode(encoding: Encoding, width: u32, height: u32, fps: u32) -> Mode {
        Mode { encoding, size: Size { width, height }, rate: Rate { numerator: fps, denominator: 1 } }
    }

    const HD: Size = Size { width: 1280, height: 720 };

    /// A USB 2 webcam: the bus carries no raw 720p at 30/s.
    const WEBCAM: &[Mode] = &[
        mode(Raw, 640, 480, 30),
        mode(Raw, 1280, 720, 10),
        mode(Raw, 1920, 1080, 5),
        mode(Jpeg, 640, 480, 30),
        mode(Jpeg, 1280, 720, 30),
        mode(Jpeg, 1920, 1080, 30),
    ];

    #[test]
    fn jpeg_is_taken_where_raw_is_too_slow() {
        assert_eq!(best(WEBCAM, HD, 30), Some(mode(Jpeg, 1280, 720, 30)));
    }

    #[test]
    fn raw_is_taken_where_it_is_fast_enough() {
        assert_eq!(best(WEBCAM, HD, 10), Some(mode(Raw, 1280, 720, 10)));
        assert_eq!(best(WEBCAM, Size { width: 640, height: 480 }, 30), Some(mode(Raw, 640, 480, 30)));
    }

    #[test]
    fn a_larger_picture_is_scaled_down_rather_than_a_smaller_one_up() {
        assert_eq!(best(WEBCAM, Size { width: 800, height: 600 }, 30), Some(mode(Jpeg, 1280, 720, 30)));
    }

    #[test]
    fn the_largest_is_taken_where_none_is_large_enough() {
        let wanted = Size { width: 3840, height: 2160 };
        assert_eq!(best(WEBCAM, wanted, 30), Some(mode(Jpeg, 1920, 1080, 30)));
    }

    #[test]
    fn the_nearest_rate_is_taken_where_none_is_fast_enough() {
        assert_eq!(best(&[mode(Raw, 1280, 720, 10), mode(Raw, 1280, 720, 12)], HD, 30), Some(mode(Raw, 1280, 720, 12)));
    }

    #[test]
    fn television_rates_count_as_whole_ones() {
        let ntsc = Mode { rate: Rate { numerator: 30_000, denominator: 1001 }, ..mode(Raw, 1280, 720, 0) };
        assert_eq!(best(&[mode(Jpeg, 1280, 720, 30), ntsc], HD, 30), Some(ntsc));
    }

    #[test]
    fn no_mode_is_no_answer() {
        assert_eq!(best(&[], HD, 30), None);
    }
}
