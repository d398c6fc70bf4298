//! What a camera says that it delivers, as a list for people and programs.

use std::fmt;

use serde::Serialize;

use super::{
    caps::{self, Offer},
    mode::Encoding,
};
use crate::units::Size;

/// What a camera delivers in one encoding and one size, or any size between two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Format {
    /// `raw`, `jpeg`, `h264`; what is not used here has GStreamer's name, such as `video/x-h265`.
    pub encoding: String,
    /// How large its pictures are.
    pub size: Sizes,
    /// How many of them come in a second.
    pub fps: Rates,
}

/// One size, or any between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Sizes {
    /// This one.
    One(Size),
    /// Any between these.
    Between {
        /// The smallest.
        from: Size,
        /// The largest.
        to: Size,
    },
}

/// Some rates, or any between two, in frames a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Rates {
    /// These, the highest first.
    Each(Vec<f64>),
    /// Any between these.
    Between {
        /// The lowest.
        from: f64,
        /// The highest.
        to: f64,
    },
}

/// What a camera offers, in its order. Layouts of pixels are told as one: all are converted.
pub(super) fn all(offers: &[Offer]) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for offer in offers {
        let encoding = Encoding::of(&offer.media).map_or(offer.media.as_str(), |encoding| encoding.name());
        let (size, fps) = (Sizes::of(offer), Rates::of(&offer.rates));
        match formats.iter_mut().find(|known| known.encoding == encoding && known.size == size) {
            Some(known) => known.fps.join(fps),
            None => formats.push(Format { encoding: encoding.to_owned(), size, fps }),
        }
    }
    formats
}

impl Sizes {
    fn of(Offer { width, height, .. }: &Offer) -> Self {
        let from = Size { width: width.least, height: height.least };
        let to = Size { width: width.most, height: height.most };
        if from == to { Self::One(to) } else { Self::Between { from, to } }
    }
}

impl Rates {
    fn of(rates: &caps::Rates) -> Self {
        match rates {
            caps::Rates::Each(rates) => {
                let mut each = Self::Each(Vec::new());
                each.join(Self::Each(rates.iter().map(|rate| rate.fps()).collect()));
                each
            }
            caps::Rates::Between(least, most) => Self::Between { from: least.fps(), to: most.fps() },
        }
    }

    /// Those of another layout of pixels are told with these.
    fn join(&mut self, others: Self) {
        match (self, others) {
            (Self::Each(these), Self::Each(others)) => {
                these.extend(others);
                these.sort_by(|a, b| b.total_cmp(a));
                these.dedup();
            }
            // Any rate is more than some.
            (these @ Self::Each(_), others @ Self::Between { .. }) => *these = others,
            (Self::Between { .. }, _) => {}
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {} frames/s", self.encoding, self.size, self.fps)
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(size) => size.fmt(f),
            Self::Between { from, to } => write!(f, "{from} to {to}"),
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(rates) => {
                let rates: Vec<_> = rates.iter().map(|rate| short(*rate)).collect();
                f.write_str(&rates.join(", "))
            }
            Self::Between { from, to } => write!(f, "{} to {}", short(*from), short(*to)),
        }
    }
}

/// `30`, `29.97`, `7.5`.
fn short(rate: f64) -> String {
    let text = format!("{rate:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(caps: &str) -> Vec<String> {
        gst::init().unwrap();
        let caps: gst::Caps = caps.parse().unwrap();
        all(&caps::offers(&caps)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_webcam_s_modes_are_told_by_encoding_and_size() {
        let webcam = "video/x-raw,format=YUY2,width=640,height=480,framerate={(fraction)15/1,(fraction)30/1};\
                      video/x-raw,format=NV12,width=640,height=480,framerate={(fraction)30/1,(fraction)15/2};\
                      image/jpeg,width=1280,height=720,framerate=30000/1001;\
                      video/x-h265,width=1280,height=720,framerate=30/1";
        assert_eq!(
            told(webcam),
            [
                "raw 640x480 at 30, 15, 7.5 frames/s",
                "jpeg 1280x720 at 29.97 frames/s",
                "video/x-h265 1280x720 at 30 frames/s"
            ]
        );
    }

    #[test]
    fn ranges_are_told_as_such() {
        let grabber = "video/x-raw,format=YUY2,width=[16,1920],height=[16,1080],framerate=[1/1,60/1]";
        assert_eq!(told(grabber), ["raw 16x16 to 1920x1080 at 1 to 60 frames/s"]);
    }

    #[test]
    fn what_has_no_size_is_left_out() {
        assert!(told("video/x-raw,format=YUY2,framerate=30/1").is_empty());
        assert!(told("video/mpegts").is_empty());
    }
}
