//! What a camera's caps say that it delivers, read in one place for who chooses a mode of it and who tells of all.

use super::mode::Rate;

/// What one structure of the caps has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// GStreamer's name for how its pictures come: `video/x-raw`.
    pub(super) media: String,
    /// In pixels.
    pub(super) width: Span,
    /// In pixels.
    pub(super) height: Span,
    pub(super) rates: Rates,
}

/// One length, or each between two that is so many steps from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: u32,
    pub(super) most: u32,
    step: u32,
}

/// Some rates, or any between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rates {
    Each(Vec<Rate>),
    Between(Rate, Rate),
}

impl Span {
    /// What comes closest to `wanted`, from below where it is between two steps.
    pub(super) fn nearest(self, wanted: u32) -> u32 {
        let beyond = wanted.min(self.most).saturating_sub(self.least);
        self.least + beyond / self.step * self.step
    }
}

/// What is offered, in its order. Structures without a size or a rate are none that a camera has.
pub(super) fn offers(caps: &gst::CapsRef) -> Vec<Offer> {
    caps.iter().filter_map(offer).collect()
}

fn offer(structure: &gst::StructureRef) -> Option<Offer> {
    let side = |name| span(structure.value(name).ok()?);
    let (width, height) = (side("width")?, side("height")?);
    let rates = rates(structure.value("framerate").ok()?)?;
    Some(Offer { media: structure.name().to_string(), width, height, rates })
}

fn span(value: &glib::Value) -> Option<Span> {
    if let Ok(fixed) = value.get::<i32>() {
        let length = u32::try_from(fixed).ok()?;
        return Some(Span { least: length, most: length, step: 1 });
    }
    let range = value.get::<gst::IntRange<i32>>().ok()?;
    let [least, most, step] = [range.min(), range.max(), range.step()].map(u32::try_from);
    Some(Span { least: least.ok()?, most: most.ok()?, step: step.ok()?.max(1) })
}

fn rates(value: &glib::Value) -> Option<Rates> {
    if let Ok(fixed) = value.get::<gst::Fraction>() {
        return Some(Rates::Each(vec![rate(fixed)?]));
    }
    if let Ok(list) = value.get::<gst::List>() {
        return Some(Rates::Each(list.iter().filter_map(|value| rate(value.get().ok()?)).collect()));
    }
    let range = value.get::<gst::FractionRange>().ok()?;
    Some(Rates::Between(rate(range.min())?, rate(range.max())?))
}

fn rate(fraction: gst::Fraction) -> Option<Rate> {
    let numerator = u32::try_from(fraction.numer()).ok()?;
    let denominator = u32::try_from(fraction.denom()).ok()?;
    Some(Rate { numerator, denominator })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::mode::{
            self,
            Encoding::{self, H264, Jpeg, Raw},
        },
        units::Size,
    };

    const HD: Size = Size { width: 1280, height: 720 };

    fn modes(caps: &str) -> Vec<(Encoding, Size, u32)> {
        gst::init().unwrap();
        let caps: gst::Caps = caps.parse().unwrap();
        let modes = mode::all(&offers(&caps), HD, 30);
        modes.into_iter().map(|mode| (mode.encoding, mode.size, mode.rate.numerator)).collect()
    }

    #[test]
    fn each_rate_of_a_list_is_a_mode() {
        assert_eq!(
            modes("image/jpeg,width=1280,height=720,framerate={(fraction)30/1,(fraction)15/1}"),
            [(Jpeg, HD, 30), (Jpeg, HD, 15)]
        );
    }

    #[test]
    fn what_is_wanted_is_taken_out_of_a_range() {
        assert_eq!(
            modes("video/x-raw,format=YUY2,width=[16,1920,16],height=[16,1080,8],framerate=[1/1,60/1]"),
            [(Raw, HD, 30)]
        );
        let small = Size { width: 640, height: 480 };
        assert_eq!(
            modes("video/x-raw,format=YUY2,width=[16,640],height=[16,480],framerate=[1/1,25/1]"),
            [(Raw, small, 25)]
        );
        let large = Size { width: 1920, height: 1080 };
        assert_eq!(
            modes("video/x-raw,format=YUY2,width=[1920,4096],height=[1080,2160],framerate=[50/1,60/1]"),
            [(Raw, large, 50)]
        );
    }

    #[test]
    fn h264_of_a_camera_is_a_mode_and_h265_is_none() {
        assert_eq!(modes("video/x-h264,width=1280,height=720,framerate=30/1"), [(H264, HD, 30)]);
        assert_eq!(modes("video/x-h265,width=1280,height=720,framerate=30/1"), []);
    }
}
