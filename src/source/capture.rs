//! A source at work: a pipeline that fills a raw feed.

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{AudioKind, Spec, VideoKind, test};
use crate::media::{
    clockwork::Clockwork,
    feed::Feed,
    pipeline::{BusEvent, Pipeline, StateError},
    template::{self, TemplateError, Value},
};

/// A running source. Dropping it ends it; the feed stays.
#[derive(Debug)]
pub struct Capture {
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
}

/// What a kind of source gives to be started: a template, what goes into it, and what is done to the
/// pipeline before it starts.
pub(super) struct Plan {
    pub(super) template: &'static str,
    pub(super) values: Vec<(&'static str, Value)>,
    pub(super) prepare: fn(&Pipeline, &Spec),
}

/// Why a source does not run. All are tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Its template is wrong.
    #[error("its template can't be used: {0}")]
    Template(#[from] TemplateError),
    /// Its pipeline can't be made.
    #[error("no pipeline can be made of its template: {0}")]
    Pipeline(String),
    /// It can't be started.
    #[error("{0}")]
    State(#[from] StateError),
    /// It gave up.
    #[error("{0}")]
    Failed(String),
}

impl Capture {
    /// Starts the source of `spec` into `feed`.
    ///
    /// # Errors
    /// When what it captures is not there, or can't be had now.
    pub async fn start(spec: &Spec, feed: &Feed, clockwork: &Clockwork) -> Result<Self, SourceError> {
        let plan = plan(spec, clockwork)?;
        let description = template::fill(plan.template, &plan.values)?;
        let (pipeline, mut bus) = Pipeline::parse(&format!("source-{}", spec.name()), &description, clockwork)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))?;
        let out = pipeline.element("out").and_then(|element| element.downcast::<gst_app::AppSink>().ok());
        feed.ingress(&out.ok_or_else(|| SourceError::Pipeline("no appsink in it is named `out`".to_owned()))?);
        (plan.prepare)(&pipeline, spec);
        if let Err(refused) = pipeline.set_state(gst::State::Playing).await {
            return Err(match bus.try_recv() {
                Ok(BusEvent::Error { error, .. }) => SourceError::Failed(error.message().to_owned()),
                _ => refused.into(),
            });
        }
        Ok(Self { pipeline, bus })
    }

    /// Builds the pipeline of `spec`, and throws it away.
    ///
    /// # Errors
    /// When it can't be built, or what it captures is not there.
    pub async fn dry_build(spec: &Spec, clockwork: &Clockwork) -> Result<(), SourceError> {
        let plan = plan(spec, clockwork)?;
        let description = template::fill(plan.template, &plan.values)?;
        Pipeline::parse(&format!("source-{}", spec.name()), &description, clockwork)
            .map(drop)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))
    }

    /// Waits until it fails.
    pub async fn failure(&mut self) -> SourceError {
        loop {
            match self.bus.recv().await {
                Some(BusEvent::Error { error, .. }) => return SourceError::Failed(error.message().to_owned()),
                Some(BusEvent::EndOfStream) | None => return SourceError::Failed("it ended".to_owned()),
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

fn plan(spec: &Spec, clockwork: &Clockwork) -> Result<Plan, SourceError> {
    match spec {
        Spec::Video(video) => match &video.kind {
            VideoKind::Test { pattern } => Ok(test::picture(video, pattern, clockwork)),
            _ => Err(SourceError::Failed("not built yet".to_owned())),
        },
        Spec::Audio(audio) => match &audio.kind {
            AudioKind::Test { wave } => Ok(test::tone(wave, clockwork)),
            _ => Err(SourceError::Failed("not built yet".to_owned())),
        },
    }
}
