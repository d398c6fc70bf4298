//! Sound from a PulseAudio server, or from PipeWire in its place: microphones, and what is played.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

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

/// How much of it is kept for whoever reads it late: the machine may be busy for so long, and no sound is missing.
pub(super) const KEPT: Duration = Duration::from_secs(2);

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
    let values = vec![("device", device.as_str().into()), ("kept", (KEPT.as_micros() as u32).into())];
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
        buffer.set_duration(gst::ClockTime::from_nseconds(block.ends.saturating_sub(block.begins)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::template;

    /// The clock of a card makes a pause without a mark, and encoded sound has timestamps without a gap otherwise.
    #[tokio::test]
    async fn a_pause_is_as_long_behind_the_encoder() {
        gst::init().unwrap();
        let encoder = include_str!("../../pipelines/encode/opusenc.launch");
        let encoder = template::fill(encoder, &[("bitrate", 64_000.into())]).unwrap();
        let caps = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
        let line = format!("appsrc name=sound format=time caps={caps} ! {encoder} sync=false async=false");
        let (pipeline, _bus) = Pipeline::parse("pause", &line, &Clockwork::start()).unwrap();
        let sound = pipeline.element("sound").unwrap().downcast::<gst_app::AppSrc>().unwrap();
        pipeline.set_state(gst::State::Playing).await.unwrap();
        let ms = gst::ClockTime::from_mseconds;
        let pause = 700;
        for number in 0..100 {
            let mut block = gst::Buffer::with_size(960 * SAMPLE).unwrap();
            let begins = number * 20 + if number < 50 { 0 } else { pause };
            block.get_mut().unwrap().set_pts(ms(begins));
            block.get_mut().unwrap().set_duration(ms(20));
            sound.push_buffer(block).unwrap();
        }
        sound.end_of_stream().unwrap();
        let out = pipeline.appsink("out").unwrap();
        let packet = || out.try_pull_sample(gst::ClockTime::from_seconds(5))?.buffer()?.pts();
        let times: Vec<_> = std::iter::from_fn(packet).collect();
        let longest = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap();
        assert!((ms(pause)..=ms(pause + 40)).contains(&longest), "{longest}: {times:?}");
        pipeline.stop().await.unwrap();
    }
}
