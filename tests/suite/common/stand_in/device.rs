//! What is inside a stand-in: a software encoder, and whatever can go wrong with a device.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    mpsc,
};

use gst::{glib, prelude::*};

use super::{Behaviour, LIVE, TOLD, behaviour, property::Property, tune};

/// What the element of a vendor is like.
pub(super) struct Model {
    pub(super) element: &'static str,
    pub(super) inside: Inside,
    /// Its bitrate's property, and how many bits a second one of its units is.
    pub(super) bitrate: (&'static str, u32),
    /// Its other properties, which are only taken.
    pub(super) others: &'static [Property],
    /// It takes V4L2 controls, the bitrate and the request for a keyframe among them.
    pub(super) controls: bool,
    /// Its action signal for keyframes.
    pub(super) action: Option<&'static str>,
    /// It takes no new bitrate while it runs.
    pub(super) keeps_bitrate: bool,
    /// It begins with a keyframe at each new bitrate.
    pub(super) begins_anew: bool,
}

/// What encodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    H264,
    /// Of frames in a device's memory.
    H264InNvmm,
    Vp8,
    Vp9,
    Av1,
    /// Nothing: it brings frames into a device's memory.
    Converter,
}

/// Of one element: what its probes and its methods share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    frames: AtomicU32,
    /// The next request for a keyframe is its own.
    forced: AtomicBool,
    /// The next frame is to be a keyframe, and the encoder inside can't be asked for one.
    begins_anew: AtomicBool,
}

impl Model {
    pub(super) const fn of(inside: Inside) -> Self {
        Self {
            element: "",
            inside,
            bitrate: ("", 1),
            others: &[],
            controls: false,
            action: None,
            keeps_bitrate: false,
            begins_anew: false,
        }
    }
}

impl Inside {
    /// Its launch line, the encoder named `inner`.
    fn launch(self, high: bool) -> String {
        let h264 = |speed: &str, profile: &str| {
            format!(
                "x264enc name=inner tune=zerolatency speed-preset={speed} key-int-max=2560 b-adapt=false \
                 vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile={profile}"
            )
        };
        let vpx = "end-usage=cbr deadline=1 keyframe-mode=disabled keyframe-max-dist=2000 buffer-initial-size=100 \
                   buffer-optimal-size=120 buffer-size=150 lag-in-frames=0 threads=1";
        match self {
            Self::H264 if high => h264("veryfast", "high"),
            Self::H264 => h264("ultrafast", "constrained-baseline"),
            Self::H264InNvmm => format!("standinunwrap ! {}", h264("ultrafast", "constrained-baseline")),
            Self::Vp8 => format!("videoconvert ! vp8enc name=inner cpu-used=-16 {vpx}"),
            Self::Vp9 => format!("videoconvert ! vp9enc name=inner cpu-used=9 {vpx}"),
            // Its caps stay the same when it begins anew.
            Self::Av1 => "videoconvert ! av1enc name=inner usage-profile=realtime cpu-used=10 end-usage=cbr \
                          keyframe-max-dist=100000 min-quantizer=2 max-quantizer=56 buf-initial-sz=100 \
                          buf-optimal-sz=120 buf-sz=150 lag-in-frames=0 threads=1 \
                          ! capssetter replace=true join=false caps=video/x-av1,stream-format=obu-stream,alignment=tu"
                .to_owned(),
            Self::Converter => "videoconvertscale name=inner ! standinwrap".to_owned(),
        }
    }

    /// GStreamer 1.22's `av1enc` takes no requests for keyframes.
    const fn takes_requests(self) -> bool {
        !matches!(self, Self::Av1)
    }
}

/// Fills the bin.
pub(super) fn assemble(bin: &gst::Bin, model: &'static Model, shared: &Arc<Shared>) {
    let high = behaviour(model.element) == Behaviour::MakesHighProfile;
    let inner = gst::parse::bin_from_description(&model.inside.launch(high), true).unwrap();
    bin.add(&inner).unwrap();
    for name in ["sink", "src"] {
        let ghost = gst::GhostPad::builder_with_target(&inner.static_pad(name).unwrap()).unwrap().name(name).build();
        bin.add_pad(&ghost).unwrap();
    }
    let encoder = inner.by_name("inner").unwrap();
    watch_input(bin, &encoder, model, shared);
    watch_output(bin, &encoder, model, shared);
    watch_requests(&encoder, model, shared);
}

fn watch_input(bin: &gst::Bin, encoder: &gst::Element, model: &'static Model, shared: &Arc<Shared>) {
    let (weak, shared) = (bin.downgrade(), shared.clone());
    let types = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    encoder.static_pad("sink").unwrap().add_probe(types, move |pad, info| {
        let size = info.event().and_then(|event| match event.view() {
            gst::EventView::Caps(caps) => size(caps.caps()),
            _ => None,
        });
        if size.is_some() {
            note_liveness(pad, model);
        }
        match (behaviour(model.element), size) {
            (Behaviour::WantsMultiples(width, height), Some(size))
                if !size.0.is_multiple_of(width) || !size.1.is_multiple_of(height) =>
            {
                if let Some(bin) = weak.upgrade() {
                    let (width, height) = size;
                    gst::element_error!(
                        bin,
                        gst::LibraryError::Settings,
                        ["{}x{} is no size of this device", width, height]
                    );
                }
                return gst::PadProbeReturn::Drop;
            }
            (Behaviour::Takes(time), None) if info.buffer().is_some() => {
                // Nobody sends: it waits for that time, as a device would.
                let _ = mpsc::channel::<()>().1.recv_timeout(time);
            }
            _ => {}
        }
        if info.buffer().is_some() && shared.begins_anew.swap(false, SeqCst) {
            begin_anew(pad);
        }
        gst::PadProbeReturn::Ok
    });
}

fn size(caps: &gst::CapsRef) -> Option<(u32, u32)> {
    let video = caps.structure(0)?;
    let side = |name| u32::try_from(video.get::<i32>(name).ok()?).ok();
    Some((side("width")?, side("height")?))
}

/// VA's elements of GStreamer 1.26 hold back four frames where the source is not live, and ask when they learn the size.
fn note_liveness(pad: &gst::Pad, model: &'static Model) {
    let mut query = gst::query::Latency::new();
    let live = pad.peer_query(&mut query) && query.result().0;
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).insert(model.element, live);
}

/// To the encoder, these are pictures of another kind from now on, which begin with a keyframe: for the other eye.
fn begin_anew(pad: &gst::Pad) {
    let mut caps = pad.current_caps().unwrap();
    let before = caps.structure(0).unwrap().get::<String>("multiview-mode").unwrap_or_default();
    caps.make_mut().set("multiview-mode", if before == "left" { "mono" } else { "left" });
    pad.send_event(gst::event::Caps::new(&caps));
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
}

fn watch_requests(encoder: &gst::Element, model: &'static Model, shared: &Arc<Shared>) {
    let shared = shared.clone();
    encoder.static_pad("src").unwrap().add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
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
        if !ignores && !model.inside.takes_requests() {
            shared.begins_anew.store(true, SeqCst);
        }
        if ignores { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
    });
}

fn inner(bin: &gst::Bin) -> Option<gst::Element> {
    bin.by_name("inner")
}

/// A bitrate, in the unit of the vendor.
pub(super) fn tell(bin: &gst::Bin, model: &'static Model, shared: &Shared, value: u32) {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).push((model.element, value));
    let runs = shared.frames.load(SeqCst) > 0;
    if runs && (model.keeps_bitrate || behaviour(model.element) == Behaviour::IgnoresBitrate) {
        return;
    }
    let bits = value.saturating_mul(model.bitrate.1);
    let Some(inner) = inner(bin) else { return };
    let kilobits = (bits / 1000).max(1);
    match model.inside {
        Inside::H264 | Inside::H264InNvmm => inner.set_property("bitrate", kilobits),
        Inside::Vp8 | Inside::Vp9 => inner.set_property("target-bitrate", bits as i32),
        Inside::Av1 => inner.set_property("target-bitrate", kilobits),
        Inside::Converter => {}
    }
    if runs && model.begins_anew {
        force_keyframe(bin, shared);
    }
}

/// The request in the vendor's own way.
pub(super) fn force_keyframe(bin: &gst::Bin, shared: &Shared) {
    shared.forced.store(true, SeqCst);
    let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
    let _ = inner(bin).and_then(|inner| inner.static_pad("src")).map(|pad| pad.send_event(event));
}

pub(super) fn control(bin: &gst::Bin, model: &'static Model, shared: &Shared, controls: &gst::Structure) {
    if let Ok(bitrate) = controls.get::<i32>(model.bitrate.0) {
        tell(bin, model, shared, bitrate as u32);
    }
    if controls.get::<i32>("force_key_frame").is_ok() {
        force_keyframe(bin, shared);
    }
    for (name, value) in controls.iter() {
        tune(model.element, name, value);
    }
}

pub(super) fn properties(model: &'static Model) -> Vec<glib::ParamSpec> {
    let mut all: Vec<_> = model.others.iter().map(Property::spec).collect();
    if model.controls {
        all.push(glib::ParamSpecBoxed::builder::<gst::Structure>("extra-controls").build());
    } else if !model.bitrate.0.is_empty() {
        all.push(glib::ParamSpecUInt::builder(model.bitrate.0).build());
    }
    all
}
