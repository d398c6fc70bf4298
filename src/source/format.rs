//! What a camera says that it delivers, as a list for people and programs.

use std::fmt;

use serde::Serialize;

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

/// The formats in a camera's caps, in their order. Layouts of pixels are told as one: all are converted.
pub(super) fn all(caps: &gst::Caps) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for structure in caps.iter() {
        let encoding = match structure.name().as_str() {
            "video/x-raw" => "raw",
            "image/jpeg" => "jpeg",
            "video/x-h264" => "h264",
            other => other,
        };
        let (Some(size), Some(fps)) = (sizes(structure), structure.value("framerate").ok().and_then(rates)) else {
            continue;
        };
        match formats.iter_mut().find(|known| known.encoding == encoding && known.size == size) {
            Some(known) => known.fps.join(fps),
            None => formats.push(Format { encoding: encoding.to_owned(), size, fps }),
        }
    }
    formats
}

fn sizes(structure: &gst::StructureRef) -> Option<Sizes> {
    let side = |name| {
        let value = structure.value(name).ok()?;
        let (least, most) = match (value.get::<i32>(), value.get::<gst::IntRange<i32>>()) {
            (Ok(fixed), _) => (fixed, fixed),
            (_, Ok(range)) => (range.min(), range.max()),
            _ => return None,
        };
        Some((u32::try_from(least).ok()?, u32::try_from(most).ok()?))
    };
    let (width, height) = (side("width")?, side("height")?);
    let from = Size { width: width.0, height: height.0 };
    let to = Size { width: width.1, height: height.1 };
    Some(if from == to { Sizes::One(to) } else { Sizes::Between { from, to } })
}

fn rates(value: &glib::SendValue) -> Option<Rates> {
    let rate = |fraction: gst::Fraction| f64::from(fraction.numer()) / f64::from(fraction.denom());
    if let Ok(fixed) = value.get::<gst::Fraction>() {
        return Some(Rates::Each(vec![rate(fixed)]));
    }
    if let Ok(list) = value.get::<gst::List>() {
        let mut each = Rates::Each(Vec::new());
        each.join(Rates::Each(list.iter().filter_map(|value| value.get().ok().map(rate)).collect()));
        return Some(each);
    }
    let range = value.get::<gst::FractionRange>().ok()?;
    Some(Rates::Between { from: rate(range.min()), to: rate(range.max()) })
}

impl Rates {
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
        all(&caps.parse().unwrap()).iter().map(ToString::to_string).collect()
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
