//! What is shown and heard in place of a source that gives nothing: a dark picture that says since when, and silence.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{SourceError, Spec, VideoSpec};
use crate::media::{
    clockwork::Clockwork,
    feed::Feed,
    pipeline::{BusEvent, Pipeline},
    template::{self, TemplateError},
};

/// A slate at work. Dropping it ends it.
#[derive(Debug)]
pub struct Slate {
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
}

impl Slate {
    /// Has one fill `feed` while the source of `spec` is silent for longer than `patience`. Its picture says `since`: a
    /// time of day.
    ///
    /// # Errors
    /// When its elements are not there.
    pub async fn start(
        spec: &Spec,
        since: &str,
        feed: &Feed,
        patience: Duration,
        clockwork: &Clockwork,
    ) -> Result<Self, SourceError> {
        let (pipeline, bus) =
            Pipeline::parse(&format!("slate of {}", spec.name()), &description(spec, since)?, clockwork)
                .map_err(|error| SourceError::Pipeline(error.message().to_owned()))?;
        let out = pipeline.appsink("out");
        let out = out.ok_or_else(|| SourceError::Pipeline("no appsink in it is named `out`".to_owned()))?;
        feed.stand_in(&out, patience);
        pipeline.set_state(gst::State::Playing).await?;
        Ok(Self { pipeline, bus })
    }

    /// Why it has failed, if it has.
    pub fn failure(&mut self) -> Option<SourceError> {
        while let Ok(event) = self.bus.try_recv() {
            match event {
                BusEvent::Error { error, .. } => return Some(SourceError::Failed(error.message().to_owned())),
                BusEvent::EndOfStream => return Some(SourceError::Ended),
                _ => {}
            }
        }
        None
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        if let Err(error) = self.pipeline.stop().await {
            tracing::error!(%error, "a slate does not come down; it is left behind");
        }
    }
}

fn description(spec: &Spec, since: &str) -> Result<String, TemplateError> {
    match spec {
        Spec::Video(VideoSpec { name, size, fps, .. }) => {
            // The element takes it for Pango's markup.
            let text = glib::markup_escape_text(&format!("{name} lost since {since}"));
            let values = [
                ("text", text.as_str().into()),
                ("width", size.width.into()),
                ("height", size.height.into()),
                ("fps", (*fps).into()),
            ];
            template::fill(include_str!("../../pipelines/source/slate.launch"), &values)
        }
        Spec::Audio(_) => template::fill(include_str!("../../pipelines/source/silence.launch"), &[]),
    }
}
