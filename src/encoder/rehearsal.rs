//! One encoder tried in a pipeline that is thrown away: it is given pictures as fast as it takes them, asked for a
//! keyframe, and told a quarter of its bitrate.

use std::time::{Duration, Instant};

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    Encoder, Picture, Target,
    knob::Knob,
    running::{self, Parts},
    trial::{Facts, Report},
};
use crate::{
    codec::MediaKind,
    media::{
        clockwork::Clockwork,
        keyframes::Reason,
        maker,
        pipeline::{BusEvent, Pipeline},
    },
    units::Bitrate,
};

/// For all of it. One that needs longer than this for its frames is too slow at any rate that is wanted.
const LIMIT: Duration = Duration::from_secs(6);

/// How long it is held up to be told its bitrate: three frames at 30/s.
const TELLING: Duration = Duration::from_millis(100);

/// At which frame that comes out something happens.
mod at {
    /// It has warmed up: the measure of its speed begins, and a keyframe is asked for.
    pub(super) const WARM: u32 = 15;
    /// The measure of its bitrate begins: the keyframe is over.
    pub(super) const MEASURE: u32 = 32;
    /// It is told a quarter of its bitrate.
    pub(super) const QUARTER: u32 = 56;
    /// It has had the time to follow.
    pub(super) const FOLLOWED: u32 = 70;
    /// The end.
    pub(super) const END: u32 = 94;
}

/// A bitrate of which the picture that is tried needs all, in bits for each pixel and second: 2 Mbit/s at 1280x720.
const BITS_PER_PIXEL: f64 = 2.17;

/// Different pictures that are shown, forth and back.
const PICTURES: usize = 12;

/// Buffers of sound, of 20 ms.
const SOUNDS: u32 = 50;

/// A frame that came out.
#[derive(Debug, Clone, Copy)]
struct Out {
    bytes: usize,
    keyframe: bool,
}

/// Tries `encoder` with `picture`, or with sound. Some seconds at the longest.
pub(super) async fn rehearse(encoder: &Encoder, picture: Option<Picture>, clockwork: &Clockwork) -> Report {
    let codec = encoder.row.codec;
    let mut facts = Facts::default();
    match tokio::time::timeout(LIMIT, run(encoder, picture, clockwork, &mut facts)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => facts.failure = Some(why),
        Err(_) if facts.frames_per_second == 0.0 => {
            facts.failure = Some(format!("frames went in, and none came out for {} s", LIMIT.as_secs()));
        }
        // Judged by what there is: it is slow.
        Err(_) => {}
    }
    facts.judge(codec, picture.map(|picture| picture.fps), encoder.takes_requests())
}

async fn run(
    encoder: &Encoder,
    picture: Option<Picture>,
    clockwork: &Clockwork,
    facts: &mut Facts,
) -> Result<(), String> {
    let bitrate = picture.map_or(64_000, |Picture { size, .. }| {
        (f64::from(size.width) * f64::from(size.height) * BITS_PER_PIXEL).max(100_000.0) as u32
    });
    let bitrate = Bitrate::from_bits(bitrate);
    let material = material(encoder.row.codec.kind(), picture, clockwork).await?;
    let target = Target { bitrate, picture };
    let mut parts = Parts::build(encoder, &target, clockwork).map_err(|error| error.to_string())?;
    // A fast encoder does not run ahead of what it is told at a frame.
    let (frames, mut made) = mpsc::channel(1);
    collect(&parts.out, frames);
    let source = appsrc(&parts, material.first()).ok_or("no appsrc can stand before it")?;
    if let Err(error) = parts.pipeline.set_state(gst::State::Playing).await {
        return Err(
            running::gave_up(&mut parts.bus, &encoder.row.element).map_or(error.to_string(), |own| own.to_string())
        );
    }
    // A thread of its own: pushing waits for the encoder, for ever where that hangs. It ends with the pipeline.
    let end = if picture.is_some() { at::END * 2 } else { SOUNDS * 2 };
    std::thread::Builder::new()
        .name("trial".to_owned())
        .spawn(move || play(&source, &material, end))
        .map_err(|error| format!("the system gives no thread: {error}"))?;
    let Parts { bus, out, knob, .. } = &mut parts;
    let watched = async {
        match picture {
            Some(picture) => watch_pictures(out, knob, &mut made, picture, bitrate, facts).await,
            None => watch_sound(&mut made, facts).await,
        }
    };
    let ended = tokio::select! {
        // Whoever is fast has made all that is looked at before it says that it has ended.
        biased;
        () = watched => Ok(()),
        why = failure(bus) => Err(why),
    };
    // Its thread may wait for it to be looked at.
    drop(made);
    let caps = out.static_pad("sink").and_then(|pad| pad.current_caps());
    facts.profile = caps.as_ref().and_then(|caps| caps.structure(0)?.get::<String>("profile").ok());
    let stopped = parts.pipeline.stop().await;
    match ended {
        Err(Some(why)) => Err(refusal(why, encoder, picture)),
        Err(None) if facts.frames_per_second == 0.0 => Err("frames went in, and none came out".to_owned()),
        Err(None) => Err("fewer frames came out than went in".to_owned()),
        Ok(()) => stopped.map_err(|error| error.to_string()),
    }
}

/// Why it gave up. GStreamer does not say of a size or a format that a device does not take it.
fn refusal(why: String, encoder: &Encoder, picture: Option<Picture>) -> String {
    match picture.filter(|_| why.contains("not-negotiated")) {
        Some(Picture { size, .. }) => {
            let size = encoder.row.align.fit(size);
            format!(
                "it takes no pictures of {size} as its template gives them: its device may want larger ones ({why})"
            )
        }
        None => why,
    }
}

/// Where frames are pushed in. The queue behind it waits, too: no frame is to be dropped.
fn appsrc(parts: &Parts, first: Option<&gst::Sample>) -> Option<gst_app::AppSrc> {
    let queue = parts.sink.parent_element()?;
    queue.set_property_from_str("leaky", "no");
    // VA's elements hold frames back where their source is not live, as a camera is.
    let source = gst_app::AppSrc::builder().is_live(true).format(gst::Format::Time).block(true);
    let source = source.max_buffers(2).max_bytes(0).build();
    source.set_caps(first?.caps_owned().as_ref());
    let pipeline = parts.pipeline.as_gst();
    pipeline.add(&source).ok()?;
    source.static_pad("src")?.link(&parts.sink).ok()?;
    Some(source)
}

/// Hands each frame of `out` on, as soon as the one before it was looked at, and until nobody looks any more.
fn collect(out: &gst_app::AppSink, frames: mpsc::Sender<Out>) {
    maker::prepare(out, move |_, sample| {
        if let Some(buffer) = sample.buffer() {
            let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            frames.blocking_send(Out { bytes: buffer.size(), keyframe }).map_err(|_| gst::FlowError::Eos)?;
        }
        Ok(gst::FlowSuccess::Ok)
    });
}

/// Pushes `material` forth and back until so many frames are in, or nobody takes them any more.
fn play(source: &gst_app::AppSrc, material: &[gst::Sample], count: u32) {
    let buffers: Vec<_> = material.iter().filter_map(|sample| sample.buffer_owned()).collect();
    let order: Vec<_> = (0..buffers.len()).chain((1..buffers.len().saturating_sub(1)).rev()).collect();
    let mut time = gst::ClockTime::ZERO;
    for index in order.iter().cycle().take(count as usize) {
        let mut buffer = buffers[*index].copy();
        let length = buffer.duration().unwrap_or(gst::ClockTime::from_mseconds(33));
        let Some(writable) = buffer.get_mut() else { return };
        writable.set_pts(time);
        writable.set_dts(gst::ClockTime::NONE);
        time += length;
        if source.push_buffer(buffer).is_err() {
            return;
        }
    }
    // What an encoder still holds comes out, too.
    let _ = source.end_of_stream();
}

async fn watch_pictures(
    sink: &gst_app::AppSink,
    knob: &Knob,
    made: &mut mpsc::Receiver<Out>,
    picture: Picture,
    bitrate: Bitrate,
    facts: &mut Facts,
) {
    let (mut number, mut begun) = (0, Instant::now());
    let (mut before, mut after) = (Average::default(), Average::default());
    while let Some(out) = made.recv().await {
        number += 1;
        match number {
            at::WARM => {
                begun = Instant::now();
                let _ = sink.static_pad("sink").map(|pad| pad.push_event(Reason::NewTaker.to_event()));
            }
            at::QUARTER => {
                // Between frames that come without a pause, some find no moment to be told; frames of a camera leave them
                // enough. Others can't be told while they hand a frame on, as now.
                let (quarter, asked) = (Bitrate::from_bits(bitrate.bits() / 4), Instant::now());
                let _ = tokio::time::timeout(TELLING, knob.turn_and_wait(quarter)).await;
                // That is none of its slowness.
                begun += asked.elapsed();
            }
            _ => {}
        }
        if number > at::WARM {
            facts.frames_per_second = f64::from(number - at::WARM) / begun.elapsed().as_secs_f64().max(1e-6);
            if out.keyframe && facts.keyframe_after.is_none() {
                facts.keyframe_after = Some(number - at::WARM);
            }
        }
        match number {
            at::MEASURE..at::QUARTER => before.add(out),
            at::FOLLOWED..at::END => after.add(out),
            at::END => {
                facts.bitrates = Some((before.bitrate(picture.fps), after.bitrate(picture.fps)));
                return;
            }
            _ => {}
        }
    }
}

async fn watch_sound(made: &mut mpsc::Receiver<Out>, facts: &mut Facts) {
    let (mut number, begun) = (0, Instant::now());
    while made.recv().await.is_some() {
        number += 1;
        facts.frames_per_second = f64::from(number) / begun.elapsed().as_secs_f64().max(1e-6);
        if number == SOUNDS {
            return;
        }
    }
}

/// Waits until it fails, and why; `None`: it has come to the end of what it was given.
async fn failure(bus: &mut mpsc::Receiver<BusEvent>) -> Option<String> {
    loop {
        match bus.recv().await {
            Some(BusEvent::EndOfStream) | None => return None,
            Some(event) => {
                if let Some(why) = event.failure() {
                    return Some(why);
                }
            }
        }
    }
}

/// The bytes of frames, keyframes left out.
#[derive(Debug, Default)]
struct Average {
    bytes: usize,
    frames: u32,
}

impl Average {
    fn add(&mut self, out: Out) {
        if !out.keyframe {
            self.bytes += out.bytes;
            self.frames += 1;
        }
    }

    fn bitrate(&self, fps: u32) -> Bitrate {
        let bits = self.bytes as f64 * 8.0 * f64::from(fps) / f64::from(self.frames.max(1));
        Bitrate::from_bits(bits as u32)
    }
}

/// What is encoded: rings that move. Every encoder can do with a little of the bitrate, and better with more of it.
async fn material(
    kind: MediaKind,
    picture: Option<Picture>,
    clockwork: &Clockwork,
) -> Result<Vec<gst::Sample>, String> {
    let description = match (kind, picture) {
        (MediaKind::Video, Some(Picture { size, fps })) => format!(
            "videotestsrc num-buffers={PICTURES} pattern=zone-plate kx2=10 ky2=10 kt=1 ! video/x-raw,format=I420,\
             width={},height={},framerate={fps}/1,pixel-aspect-ratio=1/1 ! appsink name=out",
            size.width, size.height
        ),
        _ => "audiotestsrc num-buffers=12 samplesperbuffer=960 wave=ticks ! audio/x-raw,format=S16LE,rate=48000,\
              channels=2,layout=interleaved ! appsink name=out"
            .to_owned(),
    };
    let (pipeline, mut bus) =
        Pipeline::parse("trial", &description, clockwork).map_err(|error| error.message().to_owned())?;
    let out = pipeline.appsink("out").ok_or("the test picture has no end")?;
    let (samples, mut made) = mpsc::channel(PICTURES + 1);
    maker::prepare(&out, move |_, sample| {
        let _ = samples.try_send(sample.clone());
        Ok(gst::FlowSuccess::Ok)
    });
    pipeline.set_state(gst::State::Playing).await.map_err(|error| error.to_string())?;
    let mut material = Vec::new();
    while material.len() < PICTURES {
        tokio::select! {
            Some(sample) = made.recv() => material.push(sample),
            Some(BusEvent::Error { error, .. }) = bus.recv() => return Err(error.message().to_owned()),
            else => return Err("the test picture ended".to_owned()),
        }
    }
    Ok(material)
}
