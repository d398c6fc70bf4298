//! One encoder of the catalogue: its row, and the launch template beside it.

use std::sync::Arc;

use serde::Deserialize;

use super::Target;
use crate::{
    codec::Codec,
    media::template::{self, TemplateError},
    units::Bitrate,
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
}

/// How an element is told a bitrate while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawBitrateRule")]
pub struct BitrateRule {
    /// Where it is written.
    pub place: Place,
    /// What the element counts in.
    pub unit: Unit,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBitrateRule {
    property: Option<String>,
    control: Option<String>,
    unit: Unit,
}

impl TryFrom<RawBitrateRule> for BitrateRule {
    type Error = String;
    fn try_from(raw: RawBitrateRule) -> Result<Self, String> {
        let place = match (raw.property, raw.control) {
            (Some(property), None) => Place::Property(property),
            (None, Some(control)) => Place::Control(control),
            _ => return Err("expected either `property` or `control` beside `unit`".to_owned()),
        };
        Ok(Self { place, unit: raw.unit })
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
            values.push(("width", picture.size.width.into()));
            values.push(("height", picture.size.height.into()));
            values.push(("fps", picture.fps.into()));
        }
        template::fill(&self.template, &values)
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
        let property = BitrateRule { place: Place::Property("bitrate".to_owned()), unit: Unit::Kilobits };
        assert_eq!(rule("property = 'bitrate'\nunit = 'kbit/s'"), Ok(property));
        let control = BitrateRule { place: Place::Control("video_bitrate".to_owned()), unit: Unit::Bits };
        assert_eq!(rule("control = 'video_bitrate'\nunit = 'bit/s'"), Ok(control));
        let wrong = "expected either `property` or `control` beside `unit`".to_owned();
        assert_eq!(rule("unit = 'bit/s'"), Err(wrong.clone()));
        assert_eq!(rule("property = 'a'\ncontrol = 'b'\nunit = 'bit/s'"), Err(wrong));
    }

    #[test]
    fn each_unit_counts_in_its_own_way() {
        let bitrate = Bitrate::from_bits(2_000_000);
        assert_eq!((Unit::Kilobits.count(bitrate), Unit::Bits.count(bitrate)), (2000, 2_000_000));
    }
}
