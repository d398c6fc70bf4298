//! An encoder at work: a pipeline between a raw feed and an encoded one.

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    Encoder, Target,
    knob::{Knob, KnobError},
};
use crate::{
    media::{
        clockwork::Clockwork,
        feed::Feed,
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
    /// It can't be told a bitrate.
    #[error("{0}")]
    Knob(#[from] KnobError),
    /// It has no place where raw frames go in.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// It can't be started.
    #[error("{0}")]
    State(#[from] StateError),
    /// It gave up.
    #[error("encoder {element} failed: {why}")]
    Failed {
        /// The element.
        element: String,
        /// What GStreamer says.
        why: String,
    },
}

impl Encoding {
    /// Starts `encoder` from `raw` to `encoded`, scaled to what `target` says.
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
        let Parts { pipeline, bus, sink, out, knob } = Parts::build(encoder, target, clockwork)?;
        let element = encoder.row.element.clone();
        encoded.ingress(&out);
        pipeline.set_state(gst::State::Playing).await?;
        let tap = raw.tap(&element);
        tap.link(&sink)?;
        Ok(Self { tap, pipeline, bus, element, knob })
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

    /// Waits until it fails.
    pub async fn failure(&mut self) -> EncodeError {
        loop {
            match self.bus.recv().await {
                Some(BusEvent::Error { error, debug, .. }) => {
                    let why = format!("{} ({})", error.message(), debug.unwrap_or_default());
                    return EncodeError::Failed { element: self.element.clone(), why };
                }
                Some(BusEvent::EndOfStream) | None => {
                    return EncodeError::Failed { element: self.element.clone(), why: "it ended".to_owned() };
                }
                Some(BusEvent::Warning { error, .. }) => {
                    tracing::warn!(encoder = self.element, %error, "an encoder warns")
                }
                Some(_) => {}
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
struct Parts {
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    sink: gst::Pad,
    out: gst_app::AppSink,
    knob: Knob,
}

impl Parts {
    fn build(encoder: &Encoder, target: &Target, clockwork: &Clockwork) -> Result<Self, EncodeError> {
        let element = encoder.row.element.clone();
        let description =
            encoder.description(target).map_err(|source| EncodeError::Template { element: element.clone(), source })?;
        let unusable = |why: String| EncodeError::Pipeline { element: element.clone(), why };
        let (pipeline, bus) = Pipeline::parse(&format!("encode-{element}"), &description, clockwork)
            .map_err(|error| unusable(error.message().to_owned()))?;
        let nothing_named = |name: &str| unusable(format!("nothing in it is named `{name}`"));
        let sink = pipeline.element("in").and_then(|element| element.static_pad("sink"));
        let sink = sink.ok_or_else(|| nothing_named("in"))?;
        let out = pipeline.element("out").and_then(|element| element.downcast::<gst_app::AppSink>().ok());
        let out = out.ok_or_else(|| unusable("no appsink in it is named `out`".to_owned()))?;
        let inner = pipeline.element("encoder").ok_or_else(|| nothing_named("encoder"))?;
        let knob = Knob::new(inner, encoder.row.bitrate.clone())?;
        Ok(Self { pipeline, bus, sink, out, knob })
    }
}
