//! One picture of a source as JPEG.

use std::time::Duration;

use gst::prelude::*;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use super::demand::Demand;
use crate::{
    ids::SourceName,
    media::{
        clockwork::Clockwork,
        feed::Feed,
        maker,
        pipeline::{BusEvent, Pipeline},
        tap::Tap,
        template,
    },
};

/// How long a picture may take. A source that has to be opened first may take three seconds, and then there is a slate.
pub const SNAPSHOT_LIMIT: Duration = Duration::from_secs(6);

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There is no such source.
    #[error("no source is named {name}; there are: {there}")]
    UnknownSource {
        /// The name.
        name: SourceName,
        /// Those that there are.
        there: String,
    },
    /// It is to be heard.
    #[error("source {0} has sound and no pictures")]
    Sound(SourceName),
    /// None came, or others who want one are served first.
    #[error("source {0} gave no picture within {limit} s", limit = SNAPSHOT_LIMIT.as_secs())]
    TooSlow(SourceName),
    /// It can't be made a JPEG.
    #[error("no JPEG can be made here: {0}")]
    Failed(String),
}

/// Where pictures of a source are made, one at a time.
#[derive(Debug)]
pub(super) struct Darkroom {
    pub(super) name: SourceName,
    /// Its pictures as they are captured, or what stands in for them.
    pub(super) raw: Feed,
    /// For the source.
    pub(super) source: Demand,
    /// For what makes the raw feed of a camera that is passed through.
    pub(super) decoder: Option<Demand>,
    pub(super) clockwork: Clockwork,
    pub(super) turn: Mutex<()>,
}

impl Darkroom {
    /// The next picture. The source runs for it, as for a viewer.
    pub(super) async fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let making = async {
            let _turn = self.turn.lock().await;
            let _source = self.source.take();
            let _decoder = self.decoder.as_ref().map(Demand::take);
            let mut print = Print::start(&self.raw, &self.clockwork).await?;
            let picture = print.picture().await;
            print.stop().await;
            picture
        };
        match timeout(SNAPSHOT_LIMIT, making).await {
            Ok(made) => made.map_err(SnapshotError::Failed),
            Err(_) => Err(SnapshotError::TooSlow(self.name.clone())),
        }
    }
}

/// A JPEG encoder at work. Dropping it ends it.
struct Print {
    tap: Tap,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    pictures: mpsc::Receiver<Vec<u8>>,
}

impl Print {
    /// One that takes from `raw`. An error is in GStreamer's words.
    async fn start(raw: &Feed, clockwork: &Clockwork) -> Result<Self, String> {
        let description = include_str!("../../pipelines/snapshot/jpeg.launch");
        let description = template::fill(description, &[]).map_err(|error| error.to_string())?;
        let (pipeline, bus) =
            Pipeline::parse("snapshot", &description, clockwork).map_err(|error| error.message().to_owned())?;
        let sink = pipeline.element("in").and_then(|element| element.static_pad("sink"));
        let sink = sink.ok_or("nothing in its pipeline is named `in`")?;
        let out = pipeline.appsink("out").ok_or("no appsink in its pipeline is named `out`")?;
        let (made, pictures) = mpsc::channel(1);
        maker::prepare(&out, move |_, sample| {
            let picture = sample.buffer().and_then(|buffer| buffer.map_readable().ok());
            // Full: the one that is wanted is there already.
            picture.iter().for_each(|picture| drop(made.try_send(picture.to_vec())));
            Ok(gst::FlowSuccess::Ok)
        });
        pipeline.set_state(gst::State::Playing).await.map_err(|error| error.to_string())?;
        let tap = raw.tap("snapshot");
        tap.link(&sink).map_err(|error| error.to_string())?;
        Ok(Self { tap, pipeline, bus, pictures })
    }

    async fn picture(&mut self) -> Result<Vec<u8>, String> {
        loop {
            tokio::select! {
                Some(picture) = self.pictures.recv() => return Ok(picture),
                event = self.bus.recv() => match event {
                    None | Some(BusEvent::EndOfStream) => return Err("the encoder ended".to_owned()),
                    Some(event) => event.failure().map_or(Ok(()), Err)?,
                },
            }
        }
    }

    async fn stop(self) {
        let Self { tap, pipeline, .. } = self;
        drop(tap);
        if let Err(error) = pipeline.stop().await {
            tracing::error!(%error, "an encoder of snapshots does not come down; it is left behind");
        }
    }
}
