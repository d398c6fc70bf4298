//! Media files, played again and again.
//!
//! Where in the file it is follows from the running time alone, as if it had played since the process began. So the
//! picture and the sound of one file stay together, though each is a source of its own.

use std::{io, path::Path, sync::Mutex, time::Duration};

use gst::prelude::*;
use tokio::sync::oneshot;

use super::{
    SourceError, VideoSpec,
    plan::{Plan, Trouble},
};
use crate::media::{clockwork::Clockwork, pipeline::Pipeline};

/// How long it may take until something of the file is decoded.
const OPENING: Duration = Duration::from_secs(10);

/// How long it takes from a seek to the first frame. A frame that comes later is late.
const HEAD_START: gst::ClockTime = gst::ClockTime::from_mseconds(200);

pub(super) async fn video(video: &VideoSpec, path: &Path) -> Result<Plan, SourceError> {
    readable(path).await?;
    let values = vec![
        ("uri", uri(path)?.as_str().into()),
        ("width", video.size.width.into()),
        ("height", video.size.height.into()),
        ("fps", video.fps.into()),
    ];
    Ok(looped(Plan::new(include_str!("../../pipelines/source/file-video.launch"), values), path, "video"))
}

pub(super) async fn audio(path: &Path) -> Result<Plan, SourceError> {
    readable(path).await?;
    let values = vec![("uri", uri(path)?.as_str().into())];
    Ok(looped(Plan::new(include_str!("../../pipelines/source/file-audio.launch"), values), path, "audio"))
}

/// Opens the file, and begins where the running time says.
pub(super) async fn begin(pipeline: &Pipeline, clockwork: &Clockwork) -> Result<(), SourceError> {
    let (arrived, first) = oneshot::channel();
    let arrived = Mutex::new(Some(arrived));
    if let Some(pad) = pipeline.element("pace").and_then(|pace| pace.static_pad("sink")) {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            // Once, and nobody else locks it.
            if let Some(arrived) = arrived.lock().ok().and_then(|mut arrived| arrived.take()) {
                let _ = arrived.send(());
            }
            gst::PadProbeReturn::Remove
        });
    }
    pipeline.set_state(gst::State::Paused).await?;
    // It is PAUSED before it knows what is in the file, and can't seek before that.
    match tokio::time::timeout(OPENING, first).await {
        Ok(_) => play(pipeline, clockwork).await,
        Err(_) => return Err(SourceError::Failed(format!("nothing was decoded within {} s", OPENING.as_secs()))),
    }
    Ok(())
}

/// Plays from where the running time says. Called when it is PAUSED, and at an end that came without a segment's.
pub(super) async fn play(pipeline: &Pipeline, clockwork: &Clockwork) {
    let begin = clockwork.running_time() + HEAD_START;
    blocking(pipeline, move |pipeline| {
        if let Some(pad) = pipeline.by_name("pace").and_then(|pace| pace.static_pad("sink")) {
            // Behind the seek, running time begins at 0.
            pad.set_offset(i64::try_from(begin.nseconds()).unwrap_or(i64::MAX));
        }
        let length = length(pipeline);
        let from = length.map_or(gst::ClockTime::ZERO, |length| begin % length);
        seek(pipeline, gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, from, length);
    })
    .await;
}

/// Plays from the start again, right behind what has been played.
pub(super) async fn again(pipeline: &Pipeline) {
    blocking(pipeline, |pipeline| seek(pipeline, gst::SeekFlags::empty(), gst::ClockTime::ZERO, length(pipeline)))
        .await;
}

fn looped(plan: Plan, path: &Path, kind: &'static str) -> Plan {
    let path = path.to_owned();
    plan.looped().explain(move |trouble| explain(trouble, &path, kind))
}

fn uri(path: &Path) -> Result<String, SourceError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    glib::filename_to_uri(absolute, None)
        .map(Into::into)
        .map_err(|error| SourceError::Failed(format!("{} is no path: {}", path.display(), error.message())))
}

/// GStreamer says less well why a file can't be opened.
async fn readable(path: &Path) -> Result<(), SourceError> {
    let file = format!("file {}", path.display());
    match tokio::fs::File::open(path).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(SourceError::Failed(format!("{file} is not there")))
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(SourceError::Denied { device: file, help: "let it read the file (chmod, chown)".to_owned() })
        }
        Err(error) => Err(SourceError::Failed(format!("{file} can't be read: {error}"))),
    }
}

/// Whatever goes wrong in a stream, it is the file's doing.
fn explain(trouble: &Trouble, path: &Path, kind: &str) -> Option<SourceError> {
    let undecodable = trouble.error.is::<gst::StreamError>() || trouble.error.is::<gst::CoreError>();
    undecodable.then(|| {
        let (path, why) = (path.display(), trouble.error.message());
        SourceError::Failed(format!("file {path} holds no {kind} that can be decoded here: {why}"))
    })
}

fn length(pipeline: &gst::Pipeline) -> Option<gst::ClockTime> {
    pipeline.query_duration::<gst::ClockTime>().filter(|length| !length.is_zero())
}

fn seek(pipeline: &gst::Pipeline, flags: gst::SeekFlags, from: gst::ClockTime, to: Option<gst::ClockTime>) {
    // A segment, when it is through, does not end the stream. Without a length there is none to play.
    let flags = if to.is_some() { flags | gst::SeekFlags::SEGMENT } else { flags };
    if let Err(error) = pipeline.seek(1.0, flags, gst::SeekType::Set, from, gst::SeekType::Set, to) {
        tracing::debug!(%error, "a file can't be played from another place; it is opened again at its end");
    }
}

async fn blocking(pipeline: &Pipeline, work: impl FnOnce(&gst::Pipeline) + Send + 'static) {
    let pipeline = pipeline.as_gst().clone();
    let _ = tokio::task::spawn_blocking(move || work(&pipeline)).await;
}
