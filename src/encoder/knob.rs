//! What an encoder is told while it runs: its bitrate, and that a keyframe is wanted. Nobody waits for the element:
//! some hold a lock while they encode a frame, and a driver may hang.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU32,
        Ordering::{Acquire, SeqCst},
    },
};

use gst::prelude::*;
use tokio::sync::watch;

use super::entry::{BitrateRule, KeyframeRule, Place, Row};
use crate::units::Bitrate;

/// Where an encoder's bitrate is turned.
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
    /// What the element was told last.
    told: watch::Sender<u32>,
}

/// What the catalogue says of an element, and is not so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnobError {
    /// It has no such property.
    #[error("{element} has no property {property:?}; the catalogue names it for the {what}")]
    NoProperty {
        /// The element.
        element: String,
        /// The property.
        property: String,
        /// What for.
        what: &'static str,
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
    /// It has no such action signal.
    #[error("{element} has no action signal {signal:?} without arguments; the catalogue names it for keyframes")]
    NoAction {
        /// The element.
        element: String,
        /// The signal.
        signal: String,
    },
    /// The property takes no such value.
    #[error("the property {property:?} of {element} does not take {value:?}; the catalogue has it among `optional`")]
    NoValue {
        /// The element.
        element: String,
        /// The property.
        property: String,
        /// The value.
        value: String,
    },
}

/// Sets `element` up as its row says, beyond what the template does, and gives the knob for its bitrate.
pub(super) fn equip(element: &gst::Element, row: &Row) -> Result<Knob, KnobError> {
    for (property, value) in &row.optional {
        set_optional(element, property, value)?;
    }
    take_requests(element, &row.keyframes)?;
    Knob::new(element.clone(), row.bitrate.clone())
}

impl Knob {
    fn new(element: gst::Element, rule: BitrateRule) -> Result<Self, KnobError> {
        // Found out now, not at the first change.
        match &rule.place {
            Place::Property(property) => drop(number(&element, property, 0)?),
            Place::Control(_) => drop(find(&element, EXTRA_CONTROLS, BITRATE)?),
        }
        let shared = Shared { wanted: AtomicU32::new(0), busy: AtomicBool::new(false), told: watch::Sender::default() };
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

    /// Turns it, and waits until the element was told. That may be never: only with a limit.
    pub(super) async fn turn_and_wait(&self, bitrate: Bitrate) {
        let value = self.rule.unit.count(bitrate);
        self.turn(bitrate);
        // An error: its other end is here.
        let _ = self.shared.told.subscribe().wait_for(|told| *told == value).await;
    }

    fn write(&self, element: &gst::Element) {
        let Shared { wanted, busy, told } = &*self.shared;
        loop {
            let value = wanted.load(SeqCst);
            if let Err(error) = set(element, &self.rule.place, value) {
                tracing::warn!(%error, "a bitrate can't be set");
            }
            told.send_replace(value);
            busy.store(false, SeqCst);
            if wanted.load(SeqCst) == value || busy.swap(true, Acquire) {
                return;
            }
        }
    }
}

/// Of `v4l2h264enc` and its like: a structure of V4L2 controls, written to the device at once when it is open.
const EXTRA_CONTROLS: &str = "extra-controls";
const BITRATE: &str = "bitrate";

/// Writes `value` to its place. Blocks for as long as the element does.
fn set(element: &gst::Element, place: &Place, value: u32) -> Result<(), KnobError> {
    match place {
        Place::Property(property) => {
            let value = number(element, property, value)?;
            element.set_property_from_value(property, &value);
        }
        Place::Control(control) => {
            find(element, EXTRA_CONTROLS, BITRATE)?;
            press(element, control, i32::try_from(value).unwrap_or(i32::MAX));
        }
    }
    Ok(())
}

/// Writes one control to the device. The others stay as they are there.
fn press(element: &gst::Element, control: &str, value: i32) {
    element.set_property(EXTRA_CONTROLS, gst::Structure::builder("controls").field(control, value).build());
}

/// Lets requests for a keyframe, which come up from behind the element, reach it in the way that it takes them.
fn take_requests(element: &gst::Element, rule: &KeyframeRule) -> Result<(), KnobError> {
    let ask: Box<dyn Fn(&gst::Element) + Send + Sync> = match rule {
        KeyframeRule::Event | KeyframeRule::Periodic => return Ok(()),
        KeyframeRule::Action(signal) => {
            let takes_nothing = |id: glib::subclass::SignalId| {
                let query = id.query();
                query.flags().contains(glib::SignalFlags::ACTION) && query.n_params() == 0
            };
            if !glib::subclass::SignalId::lookup(signal, element.type_()).is_some_and(takes_nothing) {
                return Err(KnobError::NoAction { element: factory(element), signal: signal.clone() });
            }
            let signal = signal.clone();
            Box::new(move |element| drop(element.emit_by_name_with_values(&signal, &[])))
        }
        KeyframeRule::Control(control) => {
            find(element, EXTRA_CONTROLS, "keyframes")?;
            let control = control.clone();
            Box::new(move |element| press(element, &control, 1))
        }
    };
    let Some(pad) = element.static_pad("src") else { return Ok(()) };
    let (ask, element) = (Arc::new(ask), element.downgrade());
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        if !info.event().is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event)) {
            return gst::PadProbeReturn::Ok;
        }
        if let Some(element) = element.upgrade() {
            let ask = ask.clone();
            element.call_async(move |element| ask(element));
        }
        // Not dropped: whoever asked is told that it was delivered.
        gst::PadProbeReturn::Handled
    });
    Ok(())
}

fn set_optional(element: &gst::Element, property: &str, text: &str) -> Result<(), KnobError> {
    let Some(spec) = element.find_property(property) else { return Ok(()) };
    let refused =
        || KnobError::NoValue { element: factory(element), property: property.to_owned(), value: text.to_owned() };
    let value = glib::Value::deserialize_with_pspec(text, &spec).map_err(|_| refused())?;
    element.set_property_from_value(property, &value);
    Ok(())
}

fn find(element: &gst::Element, property: &str, what: &'static str) -> Result<glib::ParamSpec, KnobError> {
    let missing = || KnobError::NoProperty { element: factory(element), property: property.to_owned(), what };
    element.find_property(property).ok_or_else(missing)
}

/// `value` as the property holds it, brought into its range.
fn number(element: &gst::Element, property: &str, value: u32) -> Result<glib::Value, KnobError> {
    let spec = find(element, property, BITRATE)?;
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
        let rule = BitrateRule { place: Place::Property(property.to_owned()), unit: Unit::Bits, begins_anew: false };
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

    #[test]
    fn what_can_ask_for_no_keyframe_is_named() {
        let refused = |rule| take_requests(&element("x264enc"), &rule).unwrap_err().to_string();
        let action = refused(KeyframeRule::Action("force-IDR".to_owned()));
        assert_eq!(
            action,
            "x264enc has no action signal \"force-IDR\" without arguments; the catalogue names it for keyframes"
        );
        let control = refused(KeyframeRule::Control("force_key_frame".to_owned()));
        assert_eq!(control, "x264enc has no property \"extra-controls\"; the catalogue names it for the keyframes");
    }

    #[test]
    fn optional_properties_are_set_where_they_are_there() {
        let x264 = element("x264enc");
        set_optional(&x264, "zerolatency", "true").unwrap();
        set_optional(&x264, "speed-preset", "superfast").unwrap();
        set_optional(&x264, "aud", "false").unwrap();
        assert!(!x264.property::<bool>("aud"));
        assert!(set_optional(&x264, "speed-preset", "warp").is_err());
    }
}
