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
    // What can't be sought begins at its start, as soon as it is open.
    shift(pipeline.as_gst(), clockwork.running_time() + HEAD_START);
    pipeline.set_state(gst::State::Paused).await?;
    // It is PAUSED before it knows what is in the file, and can't seek before that.
    if tokio::time::timeout(OPENING, first).await.is_err() {
        return Err(SourceError::Failed(format!("nothing was decoded within {} s", OPENING.as_secs())));
    }
    if let Err(error) = play(pipeline, clockwork).await {
        tracing::debug!(%error, "it begins at its start");
    }
    Ok(())
}

/// Plays from where the running time says. Called when it is PAUSED, and at an end that came without a segment's.
pub(super) async fn play(pipeline: &Pipeline, clockwork: &Clockwork) -> Result<(), SourceError> {
    let begin = clockwork.running_time() + HEAD_START;
    blocking(pipeline, move |pipeline| {
        // Behind the seek, running time begins at 0.
        shift(pipeline, begin);
        let length = length(pipeline);
        let from = length.map_or(gst::ClockTime::ZERO, |length| begin % length);
        seek(pipeline, gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, from, length)
    })
    .await
}

/// Plays from the start again, right behind what has been played.
pub(super) async fn again(pipeline: &Pipeline) -> Result<(), SourceError> {
    blocking(pipeline, |pipeline| seek(pipeline, gst::SeekFlags::empty(), gst::ClockTime::ZERO, length(pipeline))).await
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

/// Says at which running time it begins what comes after the next segment event.
fn shift(pipeline: &gst::Pipeline, begin: gst::ClockTime) {
    if let Some(pad) = pipeline.by_name("pace").and_then(|pace| pace.static_pad("sink")) {
        pad.set_offset(i64::try_from(begin.nseconds()).unwrap_or(i64::MAX));
    }
}

fn length(pipeline: &gst::Pipeline) -> Option<gst::ClockTime> {
    pipeline.query_duration::<gst::ClockTime>().filter(|length| !length.is_zero())
}

fn seek(
    pipeline: &gst::Pipeline,
    flags: gst::SeekFlags,
    from: gst::ClockTime,
    to: Option<gst::ClockTime>,
) -> Result<(), SourceError> {
    // A segment, when it is through, does not end the stream. Without a length there is none to play.
    let segment = to.is_some() && !is_transport_stream(pipeline);
    let flags = if segment { flags | gst::SeekFlags::SEGMENT } else { flags };
    pipeline.seek(1.0, flags, gst::SeekType::Set, from, gst::SeekType::Set, to).map_err(|_| {
        let why = "GStreamer can't go back to the start of a file of this format, so it is opened anew at its end, with \
                   a gap; in Matroska it has none (ffmpeg -i FILE FILE.mkv)";
        SourceError::Failed(why.to_owned())
    })
}

/// `tsdemux` refuses segments, and delivers nothing any more once it has been asked for one.
fn is_transport_stream(pipeline: &gst::Pipeline) -> bool {
    pipeline.iterate_all_by_element_factory_name("tsdemux").into_iter().next().is_some()
}

async fn blocking(
    pipeline: &Pipeline,
    work: impl FnOnce(&gst::Pipeline) -> Result<(), SourceError> + Send + 'static,
) -> Result<(), SourceError> {
    let pipeline = pipeline.as_gst().clone();
    tokio::task::spawn_blocking(move || work(&pipeline)).await.unwrap_or(Err(SourceError::Ended))
}
