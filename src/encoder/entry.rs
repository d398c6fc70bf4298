//! One encoder of the catalogue: its row, and the launch template beside it.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::{Pattern, Target};
use crate::{
    codec::Codec,
    media::template::{self, TemplateError},
    units::{Bitrate, Size},
};

/// One encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    /// What is said of it.
    pub row: Row,
    /// Its launch description, with placeholders.
    pub template: Arc<str>,
}

/// What the catalogue says of one encoder; `pipelines/encoders.toml` explains each key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it encodes to.
    pub codec: Codec,
    /// The GStreamer element.
    pub element: String,
    /// The package that brings it.
    pub package: String,
    /// Its template, without `.launch`.
    pub template: String,
    /// How it is told a bitrate.
    pub bitrate: BitrateRule,
    /// How it is asked for a keyframe.
    #[serde(default)]
    pub keyframes: KeyframeRule,
    /// What it runs on; `None` for software.
    #[serde(default)]
    pub hardware: Option<Hardware>,
    /// What the sides of its pictures are multiples of.
    #[serde(default)]
    pub align: Align,
    /// Properties that not every version of the element has: set where they are there.
    #[serde(default)]
    pub optional: BTreeMap<String, String>,
    /// What is odd about it, each with its reason; for people.
    #[serde(default)]
    pub quirks: Vec<String>,
}

/// How an element is told a bitrate while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawBitrateRule")]
pub struct BitrateRule {
    /// Where it is written.
    pub place: Place,
    /// What the element counts in.
    pub unit: Unit,
    /// It begins anew at each change: the next frame is a keyframe.
    pub begins_anew: bool,
}

/// Where an element takes a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A property of its own.
    Property(String),
    /// A V4L2 control, in the structure of its property `extra-controls`.
    Control(String),
}

/// In what an element counts its bitrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Unit {
    /// Bits a second.
    #[serde(rename = "bit/s")]
    Bits,
    /// Thousands of bits a second.
    #[serde(rename = "kbit/s")]
    Kilobits,
}

/// How an element is asked for a keyframe.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyframeRule {
    /// By the event that GStreamer has for it.
    #[default]
    Event,
    /// By this action signal.
    Action(String),
    /// By this V4L2 control, a button.
    Control(String),
    /// It can't be asked: its template has it make one each second or two.
    Periodic,
}

/// What an encoder needs of the machine beside GStreamer's element.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
    /// The device's nodes; one of them must be there. None: that can't be told.
    pub devices: Vec<Pattern>,
    /// Who may open them.
    pub group: Option<String>,
    /// Files of the driver. A change of one is another driver.
    pub drivers: Vec<Pattern>,
    /// What may help when it does not work, in words.
    pub help: Option<String>,
}

/// What the sides of a picture are multiples of, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "[u32; 2]")]
pub struct Align {
    width: u32,
    height: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBitrateRule {
    property: Option<String>,
    control: Option<String>,
    unit: Unit,
    #[serde(default)]
    begins_anew: bool,
}

impl TryFrom<RawBitrateRule> for BitrateRule {
    type Error = String;
    fn try_from(raw: RawBitrateRule) -> Result<Self, String> {
        let place = match (raw.property, raw.control) {
            (Some(property), None) => Place::Property(property),
            (None, Some(control)) => Place::Control(control),
            _ => return Err("expected either `property` or `control` beside `unit`".to_owned()),
        };
        Ok(Self { place, unit: raw.unit, begins_anew: raw.begins_anew })
    }
}

/// 4:2:0 has even sides.
impl Default for Align {
    fn default() -> Self {
        Self { width: 2, height: 2 }
    }
}

impl TryFrom<[u32; 2]> for Align {
    type Error = String;
    fn try_from([width, height]: [u32; 2]) -> Result<Self, String> {
        let fits = |side: u32| side.is_multiple_of(2) && (2..=256).contains(&side);
        if fits(width) && fits(height) {
            Ok(Self { width, height })
        } else {
            Err(format!("expected even numbers of pixels from 2 to 256, got [{width}, {height}]"))
        }
    }
}

impl Align {
    /// The largest size within `size` that fits.
    #[must_use]
    pub fn fit(self, size: Size) -> Size {
        let fit = |side: u32, step: u32| (side - side % step).max(step);
        Size { width: fit(size.width, self.width), height: fit(size.height, self.height) }
    }
}

impl Encoder {
    /// The launch description for `target`.
    ///
    /// # Errors
    /// When the template asks for what there is not.
    pub fn description(&self, target: &Target) -> Result<String, TemplateError> {
        let mut values = vec![("bitrate", self.row.bitrate.unit.count(target.bitrate).into())];
        if let Some(picture) = target.picture {
            let size = self.row.align.fit(picture.size);
            values.push(("width", size.width.into()));
            values.push(("height", size.height.into()));
            values.push(("fps", picture.fps.into()));
        }
        template::fill(&self.template, &values)
    }

    /// Whether it makes a keyframe when one is asked for.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        self.row.keyframes != KeyframeRule::Periodic
    }

    /// Whether it is trusted to work without having been tried: software runs on any machine.
    #[must_use]
    pub const fn is_software(&self) -> bool {
        self.row.hardware.is_none()
    }
}

impl Unit {
    /// `bitrate` in this unit.
    #[must_use]
    pub const fn count(self, bitrate: Bitrate) -> u32 {
        match self {
            Self::Bits => bitrate.bits(),
            Self::Kilobits => bitrate.kilobits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitrate_goes_to_one_place() {
        let rule = |text: &str| toml::from_str::<BitrateRule>(text).map_err(|error| error.message().to_owned());
        let rule_of = |place, unit, begins_anew| Ok(BitrateRule { place, unit, begins_anew });
        let property = rule_of(Place::Property("bitrate".to_owned()), Unit::Kilobits, false);
        assert_eq!(rule("property = 'bitrate'\nunit = 'kbit/s'"), property);
        let control = rule_of(Place::Control("video_bitrate".to_owned()), Unit::Bits, true);
        assert_eq!(rule("control = 'video_bitrate'\nunit = 'bit/s'\nbegins_anew = true"), control);
        let wrong = "expected either `property` or `control` beside `unit`".to_owned();
        assert_eq!(rule("unit = 'bit/s'"), Err(wrong.clone()));
        assert_eq!(rule("property = 'a'\ncontrol = 'b'\nunit = 'bit/s'"), Err(wrong));
    }

    #[test]
    fn each_unit_counts_in_its_own_way() {
        let bitrate = Bitrate::from_bits(2_000_000);
        assert_eq!((Unit::Kilobits.count(bitrate), Unit::Bits.count(bitrate)), (2000, 2_000_000));
    }

    #[test]
    fn pictures_are_cut_to_what_the_element_takes() {
        let align = Align::try_from([32, 16]).unwrap();
        assert_eq!(align.fit(Size { width: 1366, height: 768 }), Size { width: 1344, height: 768 });
        assert_eq!(align.fit(Size { width: 16, height: 10 }), Size { width: 32, height: 16 });
        assert!(Align::try_from([0, 2]).is_err() && Align::try_from([3, 2]).is_err());
    }
}
