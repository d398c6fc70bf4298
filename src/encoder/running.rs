//! An encoder at work: a pipeline between a raw feed and an encoded one.

use std::time::Duration;

use futures_util::FutureExt;
use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    Encoder, Target,
    health::Reading,
    knob::{self, Knob, KnobError},
};
use crate::{
    bitstream::vp8,
    codec::Codec,
    media::{
        clockwork::Clockwork,
        feed::Feed,
        keyframe_flag,
        maker::Maker,
        packetizer::PacketizeError,
        pipeline::{BusEvent, Pipeline, StateError},
        tap::{LinkError, Tap},
        template::TemplateError,
    },
    units::Bitrate,
};

/// A running encoder. Dropping it ends it; the feeds stay.
#[derive(Debug)]
pub struct Encoding {
    tap: Tap,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    element: String,
    knob: Knob,
    maker: Maker,
    encoded: Feed,
    /// Of the feed, when this one began.
    requests_before: u64,
}

/// Why an encoder does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Its template is wrong.
    #[error("the template of {element} can't be used: {source}")]
    Template {
        /// The element.
        element: String,
        /// What is wrong with it.
        source: TemplateError,
    },
    /// Its pipeline can't be made.
    #[error("no pipeline can be made of the template of {element}: {why}")]
    Pipeline {
        /// The element.
        element: String,
        /// What GStreamer says.
        why: String,
    },
    /// It is not as the catalogue says.
    #[error("{0}")]
    Knob(#[from] KnobError),
    /// It has no place where raw frames go in.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// It can't be started.
    #[error("{0}")]
    State(#[from] StateError),
    /// What comes out can't be cut into packets.
    #[error("{0}")]
    Packetize(#[from] PacketizeError),
    /// It gave up.
    #[error("encoder {element} failed: {why}")]
    Failed {
        /// The element.
        element: String,
        /// Why, in its own words or ours.
        why: String,
    },
}

impl Encoding {
    /// Starts `encoder` from `raw` to `encoded`, scaled to what `target` says. It takes over from the one that fills
    /// `encoded` now with its first keyframe.
    ///
    /// # Errors
    /// When its pipeline can't be made or started.
    pub async fn start(
        encoder: &Encoder,
        target: &Target,
        raw: &Feed,
        encoded: &Feed,
        clockwork: &Clockwork,
    ) -> Result<Self, EncodeError> {
        Self::begin(encoder, target, raw, encoded, clockwork, |out| encoded.succession(out)).await
    }

    /// The same for what stands in for the one that fills `encoded`, while that is silent for longer than `patience`.
    ///
    /// # Errors
    /// When its pipeline can't be made or started.
    pub async fn stand_in(
        encoder: &Encoder,
        target: &Target,
        raw: &Feed,
        encoded: &Feed,
        patience: Duration,
        clockwork: &Clockwork,
    ) -> Result<Self, EncodeError> {
        Self::begin(encoder, target, raw, encoded, clockwork, |out| encoded.stand_in(out, patience)).await
    }

    async fn begin(
        encoder: &Encoder,
        target: &Target,
        raw: &Feed,
        encoded: &Feed,
        clockwork: &Clockwork,
        fill: impl FnOnce(&gst_app::AppSink) -> Maker + Send,
    ) -> Result<Self, EncodeError> {
        let Parts { pipeline, mut bus, sink, out, knob } = Parts::build(encoder, target, clockwork)?;
        let element = encoder.row.element.clone();
        let maker = fill(&out);
        if let Err(error) = pipeline.set_state(gst::State::Playing).await {
            // The element's own words say more.
            return Err(gave_up(&mut bus, &element).unwrap_or(EncodeError::State(error)));
        }
        let requests_before = encoded.counts().keyframe_requests;
        let tap = raw.tap(&element);
        tap.link(&sink)?;
        Ok(Self { tap, pipeline, bus, element, knob, maker, encoded: encoded.clone(), requests_before })
    }

    /// Builds the pipeline, and throws it away.
    ///
    /// # Errors
    /// When it can't be built.
    pub fn dry_build(encoder: &Encoder, target: &Target, clockwork: &Clockwork) -> Result<(), EncodeError> {
        Parts::build(encoder, target, clockwork).map(drop)
    }

    /// Brings what comes out to this bitrate. Returns at once; the encoder follows within a few frames.
    pub fn set_bitrate(&self, bitrate: Bitrate) {
        tracing::debug!(encoder = self.element, bitrate = bitrate.bits(), "its bitrate changes");
        self.knob.turn(bitrate);
    }

    /// What went in and came out so far.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let (frames_out, keyframes) = self.maker.made();
        let requests = self.encoded.counts().keyframe_requests.saturating_sub(self.requests_before);
        Reading { frames_in: self.tap.counts().frames, frames_out, keyframes, requests }
    }

    /// Whether what it makes is what takers get.
    #[must_use]
    pub fn took_over(&self) -> bool {
        self.maker.took_over()
    }

    /// Why it has failed, if it has by now.
    pub fn failed(&mut self) -> Option<EncodeError> {
        self.failure().now_or_never()
    }

    /// Waits until it fails.
    pub async fn failure(&mut self) -> EncodeError {
        loop {
            if let Some(error) = judge(self.bus.recv().await, &self.element) {
                return error;
            }
        }
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        let Self { tap, pipeline, element, .. } = self;
        drop(tap);
        if let Err(error) = pipeline.stop().await {
            tracing::error!(encoder = element, %error, "an encoder does not come down; it is left behind");
        }
    }
}

/// A pipeline that is not started yet.
pub(super) struct Parts {
    pub(super) pipeline: Pipeline,
    pub(super) bus: mpsc::Receiver<BusEvent>,
    /// Where raw frames go in.
    pub(super) sink: gst::Pad,
    pub(super) out: gst_app::AppSink,
    pub(super) knob: Knob,
}

impl Parts {
    pub(super) fn build(encoder: &Encoder, target: &Target, clockwork: &Clockwork) -> Result<Self, EncodeError> {
        let element = encoder.row.element.clone();
        let description =
            encoder.description(target).map_err(|source| EncodeError::Template { element: element.clone(), source })?;
        let unusable = |why: String| EncodeError::Pipeline { element: element.clone(), why };
        let (pipeline, bus) = Pipeline::parse(&format!("encode-{element}"), &description, clockwork)
            .map_err(|error| unusable(error.message().to_owned()))?;
        let nothing_named = |name: &str| unusable(format!("nothing in it is named `{name}`"));
        let sink = pipeline.element("in").and_then(|element| element.static_pad("sink"));
        let sink = sink.ok_or_else(|| nothing_named("in"))?;
        let out = pipeline.appsink("out");
        let out = out.ok_or_else(|| unusable("no appsink in it is named `out`".to_owned()))?;
        if encoder.row.codec == Codec::Vp8 {
            // GStreamer has no parser for it that would, and with 1.22.0 a V4L2 device's frames are never flagged as keyframes,
            // not even the first.
            out.static_pad("sink").iter().for_each(|pad| keyframe_flag::set_flags(pad, vp8::is_keyframe));
        }
        let inner = pipeline.element("encoder").ok_or_else(|| nothing_named("encoder"))?;
        let knob = knob::equip(&inner, &encoder.row)?;
        Ok(Self { pipeline, bus, sink, out, knob })
    }
}

/// What the bus says already, if that is an end.
pub(super) fn gave_up(bus: &mut mpsc::Receiver<BusEvent>, element: &str) -> Option<EncodeError> {
    std::iter::from_fn(|| bus.try_recv().ok()).find_map(|event| judge(Some(event), element))
}

/// What `event` means for an encoder; `None`: it goes on.
fn judge(event: Option<BusEvent>, element: &str) -> Option<EncodeError> {
    let failed = |why| Some(EncodeError::Failed { element: element.to_owned(), why });
    match event {
        Some(BusEvent::EndOfStream) | None => failed("it ended".to_owned()),
        Some(BusEvent::Warning { error, .. }) => {
            tracing::warn!(encoder = element, %error, "an encoder warns");
            None
        }
        Some(event) => event.failure().and_then(failed),
    }
}
