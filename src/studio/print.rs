//! How a picture is made a JPEG of no more than so many bytes.

use crate::units::Size;

/// A picture as a JPEG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The file.
    pub jpeg: Vec<u8>,
    /// Its size.
    pub size: Size,
}

/// How a picture is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    /// Its size, where that is not the source's.
    pub(super) size: Option<Size>,
    /// JPEG's own measure, 1 to 100.
    pub(super) quality: u32,
}

/// Nobody sees a difference to the frame.
const FINE: u32 = 90;
/// Edges show it; takes less than half of that.
const COARSE: u32 = 60;

/// No picture is made smaller than this: it fits anywhere.
const LEAST_SIDE: u32 = 16;

/// By how much a picture is made smaller at least, so that it comes to an end.
const STEP: f64 = 0.9;

impl Print {
    /// The first to be tried: as good as can be.
    pub(super) const fn first() -> Self {
        Self { size: None, quality: FINE }
    }

    /// What is tried after this has come out as `made`; `None` where that has no more bytes than `most`, or nothing helps.
    pub(super) fn next(self, made: &Snapshot, most: usize) -> Option<Self> {
        let Snapshot { jpeg, size } = made;
        if jpeg.len() <= most || size.width.min(size.height) <= LEAST_SIDE {
            return None;
        }
        if self.quality > COARSE {
            return Some(Self { quality: COARSE, ..self });
        }
        // Bytes go with the pixels, and a little more for each as they get fewer.
        let share = ((most as f64 / jpeg.len() as f64).sqrt() * 0.95).min(STEP);
        let scaled = |side: u32| ((f64::from(side) * share / 2.0) as u32 * 2).max(LEAST_SIDE);
        Some(Self { size: Some(Size { width: scaled(size.width), height: scaled(size.height) }), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a picture that takes so many bits for each pixel when it is printed finely.
    fn printed(bits: f64, most: usize) -> (Snapshot, usize) {
        let (full, mut print) = (Size { width: 1920, height: 1080 }, Print::first());
        for count in 1.. {
            let size = print.size.unwrap_or(full);
            let pixels = f64::from(size.width * size.height);
            // Small pictures have more in each pixel.
            let more = (f64::from(full.width) / f64::from(size.width)).powf(0.3);
            let coarse = if print.quality < FINE { 0.45 } else { 1.0 };
            let made = Snapshot { jpeg: vec![0; (pixels * bits * more * coarse / 8.0) as usize], size };
            match print.next(&made, most) {
                Some(next) => print = next,
                None => return (made, count),
            }
        }
        unreachable!()
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let (made, tries) = printed(1.0, 400_000);
        assert_eq!((made.size.width, tries), (1920, 1));
    }

    #[test]
    fn what_does_not_is_made_coarse_and_then_smaller_until_it_does() {
        let (made, tries) = printed(1.0, 120_000);
        assert_eq!((made.size.width, tries), (1920, 2));
        for bits in [0.5, 1.0, 3.0, 12.0] {
            let (made, tries) = printed(bits, 48_000);
            assert!(
                (24_000..=48_000).contains(&made.jpeg.len()) && tries <= 5,
                "{bits}: {} in {tries}",
                made.jpeg.len()
            );
            let shape = f64::from(made.size.width) / f64::from(made.size.height);
            assert!((shape - 16.0 / 9.0).abs() < 0.05, "{}", made.size);
        }
    }

    #[test]
    fn it_ends_where_nothing_helps() {
        assert_eq!(printed(1.0, 1).0.size.height, LEAST_SIDE);
    }
}
