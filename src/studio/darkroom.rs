//! One picture of a source as JPEG.

use std::time::Duration;

use gst::prelude::*;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use super::{
    demand::Demand,
    print::{Print, Snapshot},
};
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
    units::Size,
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
    /// The next picture, made coarser and smaller until it has no more bytes than `most`. The source runs for it, as for a
    /// viewer.
    pub(super) async fn snapshot(&self, most: Option<usize>) -> Result<Snapshot, SnapshotError> {
        let making = async {
            let _turn = self.turn.lock().await;
            let _source = self.source.take();
            let _decoder = self.decoder.as_ref().map(Demand::take);
            let mut print = Print::first();
            loop {
                let mut enlarger = Enlarger::start(&self.raw, &self.clockwork, print).await?;
                let picture = enlarger.picture().await;
                enlarger.stop().await;
                let picture = picture?;
                match most.and_then(|most| print.next(&picture, most)) {
                    Some(next) => print = next,
                    None => return Ok(picture),
                }
            }
        };
        match timeout(SNAPSHOT_LIMIT, making).await {
            Ok(made) => made.map_err(SnapshotError::Failed),
            Err(_) => Err(SnapshotError::TooSlow(self.name.clone())),
        }
    }
}

/// A JPEG encoder at work. Dropping it ends it.
struct Enlarger {
    tap: Tap,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    pictures: mpsc::Receiver<Snapshot>,
}

impl Enlarger {
    /// One that takes from `raw`. An error is in GStreamer's words.
    async fn start(raw: &Feed, clockwork: &Clockwork, Print { size, quality }: Print) -> Result<Self, String> {
        let mut values: Vec<(&str, template::Value)> = vec![("quality", quality.into())];
        let description = match size {
            None => include_str!("../../pipelines/snapshot/jpeg.launch"),
            Some(Size { width, height }) => {
                values.extend([("width", width.into()), ("height", height.into())]);
                include_str!("../../pipelines/snapshot/small.launch")
            }
        };
        let description = template::fill(description, &values).map_err(|error| error.to_string())?;
        let (pipeline, bus) =
            Pipeline::parse("snapshot", &description, clockwork).map_err(|error| error.message().to_owned())?;
        let sink = pipeline.element("in").and_then(|element| element.static_pad("sink"));
        let sink = sink.ok_or("nothing in its pipeline is named `in`")?;
        let out = pipeline.appsink("out").ok_or("no appsink in its pipeline is named `out`")?;
        let (made, pictures) = mpsc::channel(1);
        maker::prepare(&out, move |_, sample| {
            // Full: the one that is wanted is there already.
            developed(sample).into_iter().for_each(|picture| drop(made.try_send(picture)));
            Ok(gst::FlowSuccess::Ok)
        });
        pipeline.set_state(gst::State::Playing).await.map_err(|error| error.to_string())?;
        let tap = raw.tap("snapshot");
        tap.link(&sink).map_err(|error| error.to_string())?;
        Ok(Self { tap, pipeline, bus, pictures })
    }

    async fn picture(&mut self) -> Result<Snapshot, String> {
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

fn developed(sample: &gst::Sample) -> Option<Snapshot> {
    let caps = sample.caps()?.structure(0)?;
    let side = |name| caps.get::<i32>(name).ok().and_then(|side| u32::try_from(side).ok());
    let size = Size { width: side("width")?, height: side("height")? };
    let jpeg = sample.buffer()?.map_readable().ok()?.to_vec();
    Some(Snapshot { jpeg, size })
}
