//! Hardware encoders that are not here, stood in for by elements of their names, with their properties and units: a
//! software encoder inside, and whatever can go wrong with a device.

mod memory;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use gst::{glib, prelude::*, subclass::prelude::*};

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
        let registered = match *element {
            "vah264enc" => va::register(),
            "nvh264enc" => nv::register(),
            "nvv4l2h264enc" => jetson::register() && converter::register(),
            "mpph264enc" => mpp::register(),
            "mppvp8enc" => mpp_vp8::register(),
            "v4l2h264enc" => v4l2::register(),
            "v4l2vp8enc" => v4l2_vp8::register(),
            "qsvh264enc" => qsv::register(),
            "vaapih264enc" => vaapi::register(),
            "vah264lpenc" => va_low_power::register(),
            "vavp9enc" => va_vp9::register(),
            "qsvvp9enc" => qsv_vp9::register(),
            _ => false,
        };
        assert!(registered, "{element} is registered");
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

const X264: &str = "x264enc name=inner tune=zerolatency speed-preset=ultrafast key-int-max=2560 b-adapt=false \
                    vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=constrained-baseline";
const HIGH: &str = "x264enc name=inner tune=zerolatency speed-preset=veryfast key-int-max=2560 b-adapt=false \
                    vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=high";
const JETSON: &str = "standinunwrap ! x264enc name=inner tune=zerolatency speed-preset=ultrafast key-int-max=2560 \
                      b-adapt=false vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=constrained-baseline";
const VP8: &str = "videoconvert ! vp8enc name=inner deadline=1 cpu-used=-16 end-usage=cbr keyframe-mode=disabled keyframe-max-dist=2000 \
                   buffer-initial-size=100 buffer-optimal-size=120 buffer-size=150 lag-in-frames=0 threads=1";

const VP9: &str = "videoconvert ! vp9enc name=inner deadline=1 cpu-used=9 end-usage=cbr keyframe-mode=disabled \
                   keyframe-max-dist=2000 buffer-initial-size=100 buffer-optimal-size=120 buffer-size=150 lag-in-frames=0";

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

macro_rules! stand_in {
    ($module:ident, $model:expr) => {
        mod $module {
            use super::*;

            static MODEL: Model = $model;

            mod imp {
                use std::sync::OnceLock;

                use super::*;

                #[derive(Default)]
                pub struct StandIn {
                    shared: Arc<Shared>,
                }

                #[glib::object_subclass]
                impl ObjectSubclass for StandIn {
                    const NAME: &'static str = concat!("StandIn-", stringify!($module));
                    type Type = super::StandIn;
                    type ParentType = gst::Bin;
                }

                impl ObjectImpl for StandIn {
                    fn properties() -> &'static [glib::ParamSpec] {
                        static ALL: OnceLock<Vec<glib::ParamSpec>> = OnceLock::new();
                        ALL.get_or_init(|| properties(&MODEL))
                    }
                    fn signals() -> &'static [glib::subclass::Signal] {
                        static ALL: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
                        let handle = |values: &[glib::Value]| {
                            let stand_in = values[0].get::<super::StandIn>().unwrap();
                            force_keyframe(stand_in.upcast_ref(), &stand_in.imp().shared);
                            None
                        };
                        ALL.get_or_init(|| {
                            let signal = |name: &&'static str| {
                                glib::subclass::Signal::builder(name).action().class_handler(handle).build()
                            };
                            MODEL.action.iter().map(signal).collect()
                        })
                    }
                    fn set_property(&self, _: usize, value: &glib::Value, spec: &glib::ParamSpec) {
                        let bin = self.obj();
                        if spec.name() == "extra-controls" {
                            let controls = value.get::<gst::Structure>().unwrap();
                            control(bin.upcast_ref(), &MODEL, &self.shared, &controls);
                        } else if spec.name() == MODEL.bitrate.0 {
                            tell(bin.upcast_ref(), &MODEL, &self.shared, value.get().unwrap());
                        } else {
                            tune(MODEL.element, spec.name(), value);
                        }
                    }
                    fn property(&self, _: usize, spec: &glib::ParamSpec) -> glib::Value {
                        spec.default_value().clone()
                    }
                    fn constructed(&self) {
                        self.parent_constructed();
                        assemble(self.obj().upcast_ref(), &MODEL, &self.shared);
                    }
                }

                impl GstObjectImpl for StandIn {}

                impl ElementImpl for StandIn {
                    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
                        let new = || gst::subclass::ElementMetadata::new(MODEL.element, "Encoder", "stand-in", "tests");
                        Some(METADATA.get_or_init(new))
                    }
                    fn change_state(
                        &self,
                        change: gst::StateChange,
                    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                        let opens = change == gst::StateChange::NullToReady;
                        if opens && behaviour(MODEL.element) == Behaviour::HasNoDevice {
                            gst::element_error!(self.obj(), gst::ResourceError::NotFound, ["there is no device"]);
                            return Err(gst::StateChangeError);
                        }
                        self.parent_change_state(change)
                    }
                }

                impl BinImpl for StandIn {}
            }

            glib::wrapper! {
                pub struct StandIn(ObjectSubclass<imp::StandIn>) @extends gst::Bin, gst::Element, gst::Object;
            }

            pub(super) fn register() -> bool {
                gst::Element::register(None, MODEL.element, gst::Rank::NONE, StandIn::static_type()).is_ok()
            }
        }
    };
}

stand_in!(
    va,
    Model {
        element: "vah264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "b-frames", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    nv,
    Model {
        element: "nvh264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rc-mode", "gop-size", "zerolatency"],
        controls: false,
        action: None,
    }
);
stand_in!(
    jetson,
    Model {
        element: "nvv4l2h264enc",
        inside: JETSON,
        bitrate: ("bitrate", 1),
        others: &["control-rate", "iframeinterval", "idrinterval", "profile", "insert-sps-pps", "maxperf-enable"],
        controls: false,
        action: Some("force-IDR"),
    }
);
stand_in!(
    converter,
    Model {
        element: "nvvidconv",
        inside: "videoconvertscale name=inner ! standinwrap",
        bitrate: ("", 1),
        others: &[],
        controls: false,
        action: None,
    }
);
stand_in!(
    mpp,
    Model {
        element: "mpph264enc",
        inside: X264,
        bitrate: ("bps", 1),
        others: &["rc-mode", "gop", "header-mode", "profile"],
        controls: false,
        action: None,
    }
);
stand_in!(
    mpp_vp8,
    Model {
        element: "mppvp8enc",
        inside: VP8,
        bitrate: ("bps", 1),
        others: &["rc-mode", "gop"],
        controls: false,
        action: None,
    }
);
stand_in!(
    v4l2,
    Model {
        element: "v4l2h264enc",
        inside: X264,
        bitrate: ("video_bitrate", 1),
        others: &[],
        controls: true,
        action: None,
    }
);
stand_in!(
    v4l2_vp8,
    Model {
        element: "v4l2vp8enc",
        inside: VP8,
        bitrate: ("video_bitrate", 1),
        others: &[],
        controls: true,
        action: None,
    }
);
stand_in!(
    qsv,
    Model {
        element: "qsvh264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &[
            "low-latency",
            "rate-control",
            "disable-hrd-conformance",
            "gop-size",
            "b-frames",
            "ref-frames",
            "target-usage"
        ],
        controls: false,
        action: None,
    }
);
stand_in!(
    vaapi,
    Model {
        element: "vaapih264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "keyframe-period", "max-bframes", "quality-level"],
        controls: false,
        action: None,
    }
);
stand_in!(
    va_low_power,
    Model {
        element: "vah264lpenc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "b-frames", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    va_vp9,
    Model {
        element: "vavp9enc",
        inside: VP9,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    qsv_vp9,
    Model {
        element: "qsvvp9enc",
        inside: VP9,
        bitrate: ("bitrate", 1000),
        others: &["low-latency", "rate-control", "gop-size", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
