//! Hardware encoders that are not here, stood in for by elements of their names, with their properties and units: a
//! software encoder inside, and whatever can go wrong with a device.

mod memory;
mod models;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use gst::{glib, prelude::*};

use self::models::{HIGH, X264};

/// What an element does. Each can be changed while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// All that it should.
    Works,
    /// It is registered, and there is no device behind it.
    HasNoDevice,
    /// It gives up after so many frames.
    FailsAfter(u32),
    /// Nothing comes out after so many frames.
    StallsAfter(u32),
    /// It makes no keyframe that is asked for after so many frames.
    IgnoresKeyframesAfter(u32),
    /// It takes its first bitrate only.
    IgnoresBitrate,
    /// It takes no pictures whose width is no multiple of this.
    WantsWidths(u32),
    /// Each frame takes it so long.
    Takes(Duration),
    /// It makes another profile than it was asked for.
    MakesHighProfile,
}

static BEHAVIOURS: Mutex<BTreeMap<&'static str, Behaviour>> = Mutex::new(BTreeMap::new());
static TOLD: Mutex<Vec<(&'static str, u32)>> = Mutex::new(Vec::new());
static TUNED: Mutex<BTreeMap<(&'static str, String), String>> = Mutex::new(BTreeMap::new());

/// What the element of a vendor is like.
struct Model {
    element: &'static str,
    /// What encodes in it, its element named `inner`.
    inside: &'static str,
    /// Its bitrate's property, and how many bits a second one of its units is.
    bitrate: (&'static str, u32),
    /// Its other properties, which are only taken.
    others: &'static [&'static str],
    /// It takes V4L2 controls, the bitrate and the request for a keyframe among them.
    controls: bool,
    /// Its action signal for keyframes.
    action: Option<&'static str>,
}

/// Registers the elements, each with what it does from the start.
pub(crate) fn register(elements: &[(&'static str, Behaviour)]) {
    gst::init().unwrap();
    memory::register();
    for (element, behaviour) in elements {
        behave(element, *behaviour);
        assert!(models::register(element), "{element} is registered");
    }
}

/// What `element` does from now on.
pub(crate) fn behave(element: &'static str, behaviour: Behaviour) {
    BEHAVIOURS.lock().unwrap_or_else(PoisonError::into_inner).insert(element, behaviour);
}

/// The bitrates that `element` was told, in its own unit.
pub(crate) fn told(element: &str) -> Vec<u32> {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.iter().filter(|(one, _)| *one == element).map(|(_, value)| *value).collect()
}

/// What a property of `element` was set to.
pub(crate) fn tuned(element: &'static str, property: &str) -> Option<String> {
    let tuned = TUNED.lock().unwrap_or_else(PoisonError::into_inner);
    tuned.get(&(element, property.to_owned())).cloned()
}

fn tune(element: &'static str, property: &str, value: &glib::Value) {
    let value = value.get::<Option<String>>().unwrap().unwrap_or_default();
    TUNED.lock().unwrap_or_else(PoisonError::into_inner).insert((element, property.to_owned()), value);
}

fn behaviour(element: &str) -> Behaviour {
    let behaviours = BEHAVIOURS.lock().unwrap_or_else(PoisonError::into_inner);
    behaviours.get(element).copied().unwrap_or(Behaviour::Works)
}

/// Of one element: what its probes and its methods share.
#[derive(Debug, Default)]
struct Shared {
    frames: AtomicU32,
    /// The next request for a keyframe is its own.
    forced: AtomicBool,
}

/// Fills the bin.
fn assemble(bin: &gst::Bin, model: &'static Model, shared: &Arc<Shared>) {
    let high = behaviour(model.element) == Behaviour::MakesHighProfile;
    let inside = if high { model.inside.replace(X264, HIGH) } else { model.inside.to_owned() };
    let inner = gst::parse::bin_from_description(&inside, true).unwrap();
    bin.add(&inner).unwrap();
    for name in ["sink", "src"] {
        let ghost = gst::GhostPad::builder_with_target(&inner.static_pad(name).unwrap()).unwrap().name(name).build();
        bin.add_pad(&ghost).unwrap();
    }
    let encoder = inner.by_name("inner").unwrap();
    watch_input(bin, &encoder, model);
    watch_output(bin, &encoder, model, shared);
}

fn watch_input(bin: &gst::Bin, encoder: &gst::Element, model: &'static Model) {
    let weak = bin.downgrade();
    let types = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    encoder.static_pad("sink").unwrap().add_probe(types, move |_, info| {
        let caps = info.event().and_then(|event| match event.view() {
            gst::EventView::Caps(caps) => caps.caps().structure(0)?.get::<i32>("width").ok(),
            _ => None,
        });
        match (behaviour(model.element), caps) {
            (Behaviour::WantsWidths(step), Some(width)) if !(width as u32).is_multiple_of(step) => {
                if let Some(bin) = weak.upgrade() {
                    gst::element_error!(bin, gst::LibraryError::Settings, ["{} is no width of this device", width]);
                }
                gst::PadProbeReturn::Drop
            }
            (Behaviour::Takes(time), None) if info.buffer().is_some() => {
                // Nobody sends: it waits for that time, as a device would.
                let _ = mpsc::channel::<()>().1.recv_timeout(time);
                gst::PadProbeReturn::Ok
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

fn watch_output(bin: &gst::Bin, encoder: &gst::Element, model: &'static Model, shared: &Arc<Shared>) {
    let (weak, counted) = (bin.downgrade(), shared.clone());
    let pad = encoder.static_pad("src").unwrap();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let frames = counted.frames.fetch_add(1, SeqCst);
        match behaviour(model.element) {
            Behaviour::FailsAfter(most) if frames >= most => {
                if let Some(bin) = weak.upgrade() {
                    gst::element_error!(bin, gst::LibraryError::Encode, ["the device is gone"]);
                }
                gst::PadProbeReturn::Drop
            }
            Behaviour::StallsAfter(most) if frames >= most => gst::PadProbeReturn::Drop,
            _ => gst::PadProbeReturn::Ok,
        }
    });
    if model.controls {
        // GStreamer 1.22.0 flags no frame of a V4L2 device as a keyframe.
        pad.add_probe(gst::PadProbeType::BUFFER, |_, info| {
            info.buffer_mut().unwrap().make_mut().set_flags(gst::BufferFlags::DELTA_UNIT);
            gst::PadProbeReturn::Ok
        });
    }
    let shared = shared.clone();
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        if !info.event().is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event)) {
            return gst::PadProbeReturn::Ok;
        }
        let forced = shared.forced.swap(false, SeqCst);
        // Those with a way of their own know no other.
        let has_own = model.controls || model.action.is_some();
        let ignores = match behaviour(model.element) {
            Behaviour::IgnoresKeyframesAfter(frames) => shared.frames.load(SeqCst) >= frames,
            _ => has_own && !forced,
        };
        if ignores { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
    });
}

fn inner(bin: &gst::Bin) -> Option<gst::Element> {
    bin.by_name("inner")
}

fn tell(bin: &gst::Bin, model: &'static Model, shared: &Shared, value: u32) {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).push((model.element, value));
    let runs = shared.frames.load(SeqCst) > 0;
    if behaviour(model.element) == Behaviour::IgnoresBitrate && runs {
        return;
    }
    let bits = value.saturating_mul(model.bitrate.1);
    let Some(inner) = inner(bin) else { return };
    if inner.has_property("target-bitrate") {
        inner.set_property("target-bitrate", bits as i32);
    } else {
        inner.set_property("bitrate", (bits / 1000).max(1));
    }
}

fn force_keyframe(bin: &gst::Bin, shared: &Shared) {
    shared.forced.store(true, SeqCst);
    let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
    let _ = inner(bin).and_then(|inner| inner.static_pad("src")).map(|pad| pad.send_event(event));
}

fn control(bin: &gst::Bin, model: &'static Model, shared: &Shared, controls: &gst::Structure) {
    if let Ok(bitrate) = controls.get::<i32>(model.bitrate.0) {
        tell(bin, model, shared, bitrate as u32);
    }
    if controls.get::<i32>("force_key_frame").is_ok() {
        force_keyframe(bin, shared);
    }
}

fn properties(model: &'static Model) -> Vec<glib::ParamSpec> {
    let mut all: Vec<_> = model.others.iter().map(|name| glib::ParamSpecString::builder(name).build()).collect();
    if model.controls {
        all.push(glib::ParamSpecBoxed::builder::<gst::Structure>("extra-controls").build());
    } else if !model.bitrate.0.is_empty() {
        all.push(glib::ParamSpecUInt::builder(model.bitrate.0).build());
    }
    all
}
