//! A camera's own H.264 as pictures again, for encodes of it that are not the camera's.

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    SourceError, VideoSpec,
    plan::{Plan, Trouble},
};
use crate::media::{
    clockwork::Clockwork,
    feed::Feed,
    pipeline::{BusEvent, Pipeline},
    tap::Tap,
};

/// A running decoder between two feeds. Dropping it ends it; the feeds stay.
#[derive(Debug)]
pub struct Decoding {
    tap: Tap,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
}

impl Decoding {
    /// Starts to decode `encoded` into `raw`, in the size and rate of `video`.
    ///
    /// # Errors
    /// When its pipeline can't be made or started.
    pub async fn start(
        video: &VideoSpec,
        encoded: &Feed,
        raw: &Feed,
        clockwork: &Clockwork,
    ) -> Result<Self, SourceError> {
        let values =
            vec![("width", video.size.width.into()), ("height", video.size.height.into()), ("fps", video.fps.into())];
        let plan = Plan::new(include_str!("../../pipelines/decode/h264.launch"), values);
        let label = format!("decode {}", video.name);
        let (pipeline, bus) = Pipeline::parse(&label, &plan.description()?, clockwork).map_err(|error| {
            SourceError::Pipeline(format!("{}; apt install gstreamer1.0-plugins-bad", error.message()))
        })?;
        let missing = |what: &str| SourceError::Pipeline(format!("nothing in it is {what}"));
        raw.ingress(&pipeline.appsink("out").ok_or_else(|| missing("an appsink named `out`"))?);
        let sink = pipeline.element("in").and_then(|queue| queue.static_pad("sink"));
        let sink = sink.ok_or_else(|| missing("named `in`"))?;
        pipeline.set_state(gst::State::Playing).await?;
        let tap = encoded.tap(label);
        tap.link(&sink).map_err(|error| SourceError::Pipeline(error.to_string()))?;
        Ok(Self { tap, pipeline, bus })
    }

    /// Waits until it fails.
    pub async fn failure(&mut self) -> SourceError {
        loop {
            match self.bus.recv().await {
                Some(BusEvent::Error { error, debug, .. }) => {
                    return Trouble { error, debug: debug.unwrap_or_default() }.in_gstreamers_words();
                }
                Some(BusEvent::EndOfStream) | None => return SourceError::Ended,
                Some(BusEvent::Warning { error, .. }) => tracing::debug!(%error, "a decoder warns"),
                Some(_) => {}
            }
        }
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        let Self { tap, pipeline, .. } = self;
        drop(tap);
        if let Err(error) = pipeline.stop().await {
            tracing::error!(%error, "a decoder does not come down; it is left behind");
        }
    }
}
