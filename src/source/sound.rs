//! Sound from a PulseAudio server, or from PipeWire in its place: microphones, and what is played.

use std::sync::{Mutex, PoisonError};

use gst::prelude::*;

use super::{
    SourceError,
    devices::{self, Sound},
    error::there,
    plan::{Plan, Trouble},
    sound_clock::{SoundClock, stretched},
    sound_server,
};
use crate::media::{clockwork::Clockwork, pipeline::Pipeline};

/// Bytes of a sample: 16 bits for left and right.
const SAMPLE: usize = 4;

/// PulseAudio's own names for what its user has chosen.
const DEFAULT_SOURCE: &str = "@DEFAULT_SOURCE@";
const DEFAULT_MONITOR: &str = "@DEFAULT_MONITOR@";

/// Records a source: by its name or description, or the default.
pub(super) async fn microphone(selector: Option<&str>, clockwork: &Clockwork) -> Result<Plan, SourceError> {
    let device = match selector {
        None => DEFAULT_SOURCE.to_owned(),
        // A monitor by its full name is a source, too.
        Some(selector) if selector.ends_with(".monitor") => selector.to_owned(),
        Some(selector) => find(selector, "microphone", devices::sound_sources).await?,
    };
    Ok(plan(device, clockwork))
}

/// Records what a sink plays: by the sink's name or description, or the default.
pub(super) async fn monitor(selector: Option<&str>, clockwork: &Clockwork) -> Result<Plan, SourceError> {
    let device = match selector {
        None => DEFAULT_MONITOR.to_owned(),
        Some(selector) => {
            let sink = selector.strip_suffix(".monitor").unwrap_or(selector);
            format!("{}.monitor", find(sink, "sound output", devices::sound_sinks).await?)
        }
    };
    Ok(plan(device, clockwork))
}

fn plan(device: String, clockwork: &Clockwork) -> Plan {
    let clockwork = clockwork.clone();
    let values = vec![("device", device.as_str().into())];
    Plan::new(include_str!("../../pipelines/source/sound.launch"), values)
        .prepare(move |pipeline| keep_time(pipeline, &clockwork))
        .explain(move |trouble| explain(trouble, &device))
}

/// Puts what the element `sound` gives on our clock.
fn keep_time(pipeline: &Pipeline, clockwork: &Clockwork) {
    let Some(pad) = pipeline.element("sound").and_then(|sound| sound.static_pad("src")) else { return };
    let (clockwork, clock) = (clockwork.clone(), Mutex::new(SoundClock::default()));
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(buffer) = info.buffer_mut() else { return gst::PadProbeReturn::Ok };
        let now = clockwork.running_time().nseconds();
        let (samples, is_first) = (buffer.size() / SAMPLE, buffer.flags().contains(gst::BufferFlags::DISCONT));
        let placed = clock.lock().unwrap_or_else(PoisonError::into_inner).place(now, samples, is_first);
        let Some(block) = placed else { return gst::PadProbeReturn::Drop };
        if block.samples != samples {
            let Ok(sound) = buffer.map_readable().map(|sound| stretched(&sound, block.samples)) else {
                return gst::PadProbeReturn::Drop;
            };
            *buffer = gst::Buffer::from_slice(sound);
        }
        let buffer = buffer.make_mut();
        buffer.set_pts(gst::ClockTime::from_nseconds(block.begins));
        buffer.set_duration(gst::ClockTime::from_nseconds(block.ends - block.begins));
        gst::PadProbeReturn::Ok
    });
}

async fn find(selector: &str, kind: &str, list: fn() -> Vec<Sound>) -> Result<String, SourceError> {
    let sounds = tokio::task::spawn_blocking(list).await.unwrap_or_default();
    let found = sounds
        .iter()
        .find(|sound| sound.name == selector)
        .or_else(|| sounds.iter().find(|sound| sound.description.eq_ignore_ascii_case(selector)));
    match found {
        Some(sound) => Ok(sound.name.clone()),
        None => Err(SourceError::Missing {
            wanted: format!("{kind} {selector:?}"),
            there: there(sounds.iter().map(ToString::to_string)),
            help: if sounds.is_empty() { format!("; {}", sound_server::help()) } else { String::new() },
        }),
    }
}

fn explain(trouble: &Trouble, device: &str) -> Option<SourceError> {
    let words = format!("{} {}", trouble.error.message(), trouble.debug);
    if words.contains("No such entity") {
        return Some(SourceError::Missing {
            wanted: format!("sound device {device:?}"),
            there: there(devices::sound_sources().iter().chain(&devices::sound_sinks()).map(ToString::to_string)),
            help: String::new(),
        });
    }
    let lost = ["Failed to connect", "Connection refused", "Connection terminated", "Disconnected", "Bad state"];
    lost.iter().any(|sign| words.contains(sign)).then(|| SourceError::Unreachable {
        server: "the sound server".to_owned(),
        why: trouble.error.message().to_owned(),
        help: sound_server::help(),
    })
}
