//! The bitrate of an encoder that runs.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU32,
        Ordering::{Acquire, SeqCst},
    },
};

use gst::prelude::*;

use super::entry::{BitrateRule, Place};
use crate::units::Bitrate;

/// Where an encoder's bitrate is turned. Nobody waits for the element: some hold a lock while they encode a frame, and a
/// driver may hang.
#[derive(Debug, Clone)]
pub(super) struct Knob {
    element: gst::Element,
    rule: BitrateRule,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What was asked for last, as the element counts it.
    wanted: AtomicU32,
    /// Somebody is about to write what is wanted.
    busy: AtomicBool,
}

/// A number that an element does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnobError {
    /// It has no such property.
    #[error("{element} has no property {property:?}; the catalogue names it for the bitrate")]
    NoProperty {
        /// The element.
        element: String,
        /// The property.
        property: String,
    },
    /// The property holds something else than a number.
    #[error("the property {property:?} of {element} is a {is}; the catalogue names it for the bitrate")]
    NoNumber {
        /// The element.
        element: String,
        /// The property.
        property: String,
        /// Its type.
        is: String,
    },
}

impl Knob {
    pub(super) fn new(element: gst::Element, rule: BitrateRule) -> Result<Self, KnobError> {
        // Found out now, not at the first change.
        match &rule.place {
            Place::Property(property) => drop(number(&element, property, 0)?),
            Place::Control(_) => drop(find(&element, EXTRA_CONTROLS)?),
        }
        let shared = Shared { wanted: AtomicU32::new(0), busy: AtomicBool::new(false) };
        Ok(Self { element, rule, shared: Arc::new(shared) })
    }

    /// Turns it to `bitrate`, soon. Of several in a row the last counts.
    pub(super) fn turn(&self, bitrate: Bitrate) {
        self.shared.wanted.store(self.rule.unit.count(bitrate), SeqCst);
        if self.shared.busy.swap(true, SeqCst) {
            return;
        }
        let knob = self.clone();
        self.element.call_async(move |element| knob.write(element));
    }

    fn write(&self, element: &gst::Element) {
        let Shared { wanted, busy } = &*self.shared;
        loop {
            let value = wanted.load(SeqCst);
            if let Err(error) = set(element, &self.rule.place, value) {
                tracing::warn!(%error, "a bitrate can't be set");
            }
            busy.store(false, SeqCst);
            if wanted.load(SeqCst) == value || busy.swap(true, Acquire) {
                return;
            }
        }
    }
}

/// Of `v4l2h264enc` and its like: a structure of V4L2 controls, written to the device at once when it is open.
const EXTRA_CONTROLS: &str = "extra-controls";

/// Writes `value` to its place. Blocks for as long as the element does.
pub(super) fn set(element: &gst::Element, place: &Place, value: u32) -> Result<(), KnobError> {
    match place {
        Place::Property(property) => {
            let value = number(element, property, value)?;
            element.set_property_from_value(property, &value);
        }
        Place::Control(control) => {
            find(element, EXTRA_CONTROLS)?;
            let controls = element.property::<Option<gst::Structure>>(EXTRA_CONTROLS);
            let mut controls = controls.unwrap_or_else(|| gst::Structure::new_empty("controls"));
            controls.set(control, i32::try_from(value).unwrap_or(i32::MAX));
            element.set_property(EXTRA_CONTROLS, controls);
        }
    }
    Ok(())
}

fn find(element: &gst::Element, property: &str) -> Result<glib::ParamSpec, KnobError> {
    element
        .find_property(property)
        .ok_or_else(|| KnobError::NoProperty { element: factory(element), property: property.to_owned() })
}

/// `value` as the property holds it, brought into its range.
fn number(element: &gst::Element, property: &str, value: u32) -> Result<glib::Value, KnobError> {
    let spec = find(element, property)?;
    let signed = i32::try_from(value).unwrap_or(i32::MAX);
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        return Ok(value.clamp(spec.minimum(), spec.maximum()).to_value());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt>() {
        return Ok(signed.clamp(spec.minimum(), spec.maximum()).to_value());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt64>() {
        return Ok(u64::from(value).clamp(spec.minimum(), spec.maximum()).to_value());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt64>() {
        return Ok(i64::from(value).clamp(spec.minimum(), spec.maximum()).to_value());
    }
    Err(KnobError::NoNumber {
        element: factory(element),
        property: property.to_owned(),
        is: spec.value_type().name().to_owned(),
    })
}

fn factory(element: &gst::Element) -> String {
    element.factory().map_or_else(|| element.name().to_string(), |factory| factory.name().to_string())
}

#[cfg(test)]
mod tests {
    use super::{super::entry::Unit, *};

    fn element(name: &str) -> gst::Element {
        gst::init().unwrap();
        gst::ElementFactory::make(name).build().unwrap()
    }

    fn knob(name: &str, property: &str) -> Result<Knob, KnobError> {
        let rule = BitrateRule { place: Place::Property(property.to_owned()), unit: Unit::Bits };
        Knob::new(element(name), rule)
    }

    #[test]
    fn a_number_is_written_in_the_propertys_own_type_and_range() {
        let place = |property: &str| Place::Property(property.to_owned());
        // An int, which the element rounds to thousands.
        let vp8 = element("vp8enc");
        set(&vp8, &place("target-bitrate"), u32::MAX).unwrap();
        assert_eq!(vp8.property::<i32>("target-bitrate"), 2_147_483_000);
        // An uint, from 1 on.
        let x264 = element("x264enc");
        set(&x264, &place("bitrate"), 0).unwrap();
        assert_eq!(x264.property::<u32>("bitrate"), 1);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let missing = knob("x264enc", "bps").unwrap_err().to_string();
        assert_eq!(missing, "x264enc has no property \"bps\"; the catalogue names it for the bitrate");
        let other = knob("x264enc", "speed-preset").unwrap_err();
        assert!(matches!(other, KnobError::NoNumber { .. }), "{other}");
    }
}
