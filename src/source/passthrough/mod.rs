//! A camera's own H.264, passed on as it is: watched all the time, and held back until it is known to be fit.

mod controls;
mod judge;
mod unit;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use gst::prelude::*;
use tokio::sync::watch;

pub(super) use self::controls::Controls;
use self::{judge::Judge, unit::Unit};
use crate::media::pipeline::Pipeline;

/// Whether a camera's H.264 is known to be fit. Kept from one start to the next, so that only the first is held back.
#[derive(Debug, Clone, Default)]
pub struct Trust(Arc<watch::Sender<bool>>);

impl Trust {
    /// Waits until it is known to be fit.
    pub(super) async fn earned(&self) {
        // The sender is in `self`, so it can't be gone.
        let _ = self.0.subscribe().wait_for(|earned| *earned).await;
    }

    fn is_earned(&self) -> bool {
        *self.0.borrow()
    }

    fn set(&self, earned: bool) {
        self.0.send_if_modified(|was| std::mem::replace(was, earned) != earned);
    }
}

/// Sets up and watches the element `camera`, which has these controls and makes so many frames a second. What is unfit
/// becomes an error of the pipeline, [`gst::StreamError::WrongType`].
pub(super) fn watch(pipeline: &Pipeline, controls: Controls, fps: u32, trust: &Trust) {
    let Some(camera) = pipeline.element("camera") else { return };
    let Some(source) = camera.static_pad("src") else { return };
    controls.set_up(&camera, fps);
    let asked = Arc::new(AtomicBool::new(false));
    pass_requests_on(&source, &camera, controls, asked.clone());
    judge(&source, &camera, controls, trust.clone(), asked);
    if let Some(sink) = pipeline.element("out").and_then(|out| out.static_pad("sink")) {
        let trust = trust.clone();
        sink.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            if trust.is_earned() { gst::PadProbeReturn::Ok } else { THROWN_AWAY }
        });
    }
}

/// Not `Drop`: at that GStreamer 1.22 complains about a buffer that the bindings have freed already.
const THROWN_AWAY: gst::PadProbeReturn = gst::PadProbeReturn::Handled;

/// `v4l2src` knows nothing of requests for keyframes.
fn pass_requests_on(source: &gst::Pad, camera: &gst::Element, controls: Controls, asked: Arc<AtomicBool>) {
    let camera = camera.downgrade();
    source.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        if !info.event().is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event)) {
            return gst::PadProbeReturn::Ok;
        }
        asked.store(true, Relaxed);
        if let Some(camera) = camera.upgrade() {
            controls.ask(&camera);
        }
        THROWN_AWAY
    });
}

/// On the camera's own streaming thread.
fn judge(source: &gst::Pad, camera: &gst::Element, controls: Controls, trust: Trust, asked: Arc<AtomicBool>) {
    let (camera, begun, judge) = (camera.downgrade(), Instant::now(), Mutex::new(Judge::default()));
    source.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        // Nobody else locks it.
        let (Some(camera), Ok(mut judge)) = (camera.upgrade(), judge.try_lock()) else {
            return THROWN_AWAY;
        };
        let unit = info.buffer().and_then(|buffer| buffer.map_readable().ok()).map(|bytes| Unit::read(&bytes));
        let now = begun.elapsed();
        if asked.swap(false, Relaxed) {
            judge.asked(now);
        }
        match judge.look(now, &unit.unwrap_or_default()) {
            Ok(ruling) => {
                if ruling.fit {
                    trust.set(true);
                }
                if ruling.ask {
                    controls.ask(&camera);
                }
                gst::PadProbeReturn::Ok
            }
            Err(unfit) => {
                trust.set(false);
                gst::element_error!(camera, gst::StreamError::WrongType, ("{unfit}"));
                THROWN_AWAY
            }
        }
    });
}
