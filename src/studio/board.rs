//! What the studio shows of itself.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use super::{Stage, demand::Demand, encode::AtWork};
use crate::{
    codec::{Codec, MediaKind},
    ids::SourceName,
    media::{feed::Feed, latency::Histogram},
    report::{CaptureToWire, Condition, EncoderState, SourceState},
    source::Spec,
    units::{Bitrate, Size},
};

/// How often counts are looked at, while no condition changes.
const PERIOD: Duration = Duration::from_secs(1);

/// The sources and encoders at one moment.
#[derive(Debug, Clone, Default)]
pub struct StudioState {
    /// In the order of the configuration.
    pub sources: Vec<SourceState>,
    /// Every encode that can be had, running or not.
    pub encoders: Vec<EncoderState>,
}

/// Everything that is shown, and where it is read.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) stage: watch::Receiver<Stage>,
    /// Woken at each change of a condition.
    pub(super) changes: Arc<Notify>,
}

#[derive(Debug)]
pub(super) struct SourceEntry {
    pub(super) name: SourceName,
    pub(super) kind: MediaKind,
    pub(super) spec: watch::Receiver<Spec>,
    pub(super) feed: Feed,
    pub(super) condition: watch::Receiver<Condition>,
}

#[derive(Debug)]
pub(super) struct EncoderEntry {
    pub(super) source: SourceName,
    pub(super) codec: Codec,
    pub(super) rung: usize,
    pub(super) at_work: watch::Receiver<AtWork>,
    /// What its encoder is brought to, or a camera makes by itself.
    pub(super) bitrate: watch::Sender<Bitrate>,
    /// What it encodes.
    pub(super) origin: Feed,
    pub(super) feed: Feed,
    pub(super) demand: Demand,
    pub(super) condition: watch::Receiver<Condition>,
}

impl Board {
    /// Shows it from now on, until `running` says no.
    pub(super) fn publish(self, running: &watch::Sender<bool>) -> watch::Receiver<StudioState> {
        let (shown, state) = watch::channel(self.read());
        let mut running = running.subscribe();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = running.wait_for(|running| !running) => break,
                    () = self.changes.notified() => {}
                    () = tokio::time::sleep(PERIOD) => {}
                }
                shown.send_replace(self.read());
            }
        });
        state
    }

    fn read(&self) -> StudioState {
        let shelves = self.stage.borrow().shelves.clone();
        StudioState {
            sources: shelves.iter().map(|shelf| shelf.shown.read(capture_to_wire(&shelf.encoders))).collect(),
            encoders: shelves.iter().flat_map(|shelf| &shelf.encoders).map(EncoderEntry::read).collect(),
        }
    }
}

/// Of all encodes of a source.
fn capture_to_wire(encoders: &[EncoderEntry]) -> Option<CaptureToWire> {
    let mut all = Histogram::default();
    for encoder in encoders {
        all.add(&encoder.feed.latency());
    }
    // No bucket is finer.
    let ms = |share| all.quantile(share).map(|time| (time.as_secs_f64() * 10_000.0).round() / 10.0);
    Some(CaptureToWire { p50_ms: ms(0.5)?, p95_ms: ms(0.95)? })
}

impl SourceEntry {
    pub(super) fn new(spec: watch::Receiver<Spec>, feed: Feed, condition: watch::Receiver<Condition>) -> Self {
        let (name, kind) = (spec.borrow().name().clone(), spec.borrow().media());
        Self { name, kind, spec, feed, condition }
    }

    fn read(&self, capture_to_wire: Option<CaptureToWire>) -> SourceState {
        SourceState {
            name: self.name.clone(),
            kind: self.kind,
            spec: self.spec.borrow().to_string(),
            condition: self.condition.borrow().clone(),
            size: self.feed.caps().as_ref().and_then(size),
            frames: self.feed.counts().frames,
            capture_to_wire,
        }
    }
}

impl EncoderEntry {
    fn read(&self) -> EncoderState {
        let counts = self.feed.counts();
        let AtWork { element, replaced } = self.at_work.borrow().clone();
        EncoderState {
            source: self.source.clone(),
            codec: self.codec,
            rung: self.rung,
            element,
            replaced,
            condition: self.condition.borrow().clone(),
            bitrate: *self.bitrate.borrow(),
            takers: self.demand.takers(),
            offered: self.origin.counts().frames,
            frames: counts.frames,
            keyframes: counts.keyframes,
            bytes: counts.bytes,
        }
    }
}

fn size(caps: &gst::Caps) -> Option<Size> {
    let structure = caps.structure(0)?;
    let side = |name| structure.get::<i32>(name).ok().and_then(|side| u32::try_from(side).ok());
    Some(Size { width: side("width")?, height: side("height")? })
}
