//! A source at work: a pipeline that fills a raw feed.

use std::future::pending;

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    AudioKind, SourceError, Spec, VideoKind, camera, file,
    plan::{Plan, Trouble},
    screen, sound, test,
};
use crate::media::{
    clockwork::Clockwork,
    feed::Feed,
    pipeline::{BusEvent, Pipeline},
};

/// A running source. Dropping it ends it; the feed stays.
#[derive(Debug)]
pub struct Capture {
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    plan: Plan,
    clockwork: Clockwork,
}

impl Capture {
    /// Starts the source of `spec` into `feed`.
    ///
    /// # Errors
    /// When what it captures is not there, or can't be had now.
    pub async fn start(spec: &Spec, feed: &Feed, clockwork: &Clockwork) -> Result<Self, SourceError> {
        let plan = plan(spec, clockwork).await?;
        let (pipeline, bus) = Pipeline::parse(&format!("source {}", spec.name()), &plan.description()?, clockwork)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))?;
        let out = pipeline.element("out").and_then(|element| element.downcast::<gst_app::AppSink>().ok());
        let out = out.ok_or_else(|| SourceError::Pipeline("no appsink in it is named `out`".to_owned()))?;
        feed.ingress(&out);
        plan.apply(&pipeline);
        let mut capture = Self { pipeline, bus, plan, clockwork: clockwork.clone() };
        let begun = tokio::select! {
            // What an element says is more than that the state could not be reached.
            biased;
            error = bus_error(&mut capture.bus, &capture.plan) => Err(error),
            begun = begin(&capture.pipeline, capture.plan.is_looped(), clockwork) => begun,
        };
        match begun {
            Ok(()) => Ok(capture),
            Err(error) => Err(said(&mut capture.bus, &capture.plan).unwrap_or(error)),
        }
    }

    /// Builds the pipeline of `spec`, and throws it away.
    ///
    /// # Errors
    /// When it can't be built, or what it captures is not there.
    pub async fn dry_build(spec: &Spec, clockwork: &Clockwork) -> Result<(), SourceError> {
        let plan = plan(spec, clockwork).await?;
        Pipeline::parse(&format!("source {}", spec.name()), &plan.description()?, clockwork)
            .map(drop)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))
    }

    /// Waits until it fails.
    pub async fn failure(&mut self) -> SourceError {
        loop {
            match self.bus.recv().await {
                Some(BusEvent::Error { error, debug, .. }) => return explain(&self.plan, error, debug),
                Some(BusEvent::SegmentDone) if self.plan.is_looped() => {
                    if let Err(error) = file::again(&self.pipeline).await {
                        return error;
                    }
                }
                Some(BusEvent::EndOfStream) if self.plan.is_looped() => {
                    if let Err(error) = file::play(&self.pipeline, &self.clockwork).await {
                        return error;
                    }
                }
                Some(BusEvent::EndOfStream) | None => return SourceError::Ended,
                Some(BusEvent::Warning { error, .. }) => tracing::warn!(%error, "a source warns"),
                Some(_) => {}
            }
        }
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        if let Err(error) = self.pipeline.stop().await {
            tracing::error!(%error, "a source does not come down; it is left behind");
        }
    }
}

async fn bus_error(bus: &mut mpsc::Receiver<BusEvent>, plan: &Plan) -> SourceError {
    loop {
        match bus.recv().await {
            Some(BusEvent::Error { error, debug, .. }) => return explain(plan, error, debug),
            Some(_) => {}
            None => return pending().await,
        }
    }
}

/// An error that is on the bus already.
fn said(bus: &mut mpsc::Receiver<BusEvent>, plan: &Plan) -> Option<SourceError> {
    while let Ok(event) = bus.try_recv() {
        if let BusEvent::Error { error, debug, .. } = event {
            return Some(explain(plan, error, debug));
        }
    }
    None
}

fn explain(plan: &Plan, error: glib::Error, debug: Option<String>) -> SourceError {
    plan.error(&Trouble { error, debug: debug.unwrap_or_default() })
}

async fn begin(pipeline: &Pipeline, looped: bool, clockwork: &Clockwork) -> Result<(), SourceError> {
    if looped {
        file::begin(pipeline, clockwork).await?;
    }
    Ok(pipeline.set_state(gst::State::Playing).await?)
}

async fn plan(spec: &Spec, clockwork: &Clockwork) -> Result<Plan, SourceError> {
    match spec {
        Spec::Video(video) => match &video.kind {
            VideoKind::Test { pattern } => Ok(test::picture(video, pattern, clockwork)),
            VideoKind::Camera { device } => camera::plan(video, device.as_deref(), clockwork).await,
            VideoKind::Screen { display, region, pointer } => {
                screen::plan(video, display.as_deref(), *region, *pointer).await
            }
            VideoKind::File { path } => file::video(video, path).await,
        },
        Spec::Audio(audio) => match &audio.kind {
            AudioKind::Test { wave } => Ok(test::tone(wave)),
            AudioKind::Microphone { device } => sound::microphone(device.as_deref()).await,
            AudioKind::Monitor { device } => sound::monitor(device.as_deref()).await,
            AudioKind::File { path } => file::audio(path).await,
        },
    }
}
