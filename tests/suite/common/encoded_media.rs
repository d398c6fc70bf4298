//! Encoded pictures and sound for peers that send: GStreamer makes them, a broadcast hands them out.

use std::time::{Duration, Instant};

use gst::prelude::*;
use peergate::{
    codec::Codec,
    media::{clockwork::Clockwork, pipeline::Pipeline},
};
use tokio::sync::broadcast;

use super::str0m_peer::Encoded;

/// A pipeline that encodes in real time until it is dropped.
#[derive(Debug)]
pub(crate) struct EncodedMedia {
    frames: broadcast::Sender<Encoded>,
    _pipeline: Pipeline,
}

impl EncodedMedia {
    /// Starts a moving picture (320x180 at 30/s, a keyframe each second) or a tone of 440 Hz.
    pub(crate) async fn start(codec: Codec) -> Self {
        Self::of(codec, launch(codec)).await
    }

    /// Starts what `description` makes, to an appsink `out`.
    pub(crate) async fn of(codec: Codec, description: &str) -> Self {
        gst::init().unwrap();
        let clockwork = Clockwork::start();
        let (pipeline, _) = Pipeline::parse("encoded-media", description, &clockwork).unwrap();
        let sink = pipeline.as_gst().by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
        let (frames, _) = broadcast::channel(256);
        let all = frames.clone();
        let take = move |sink: &gst_app::AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let _ = all.send(encoded(codec, &sample, &clockwork).ok_or(gst::FlowError::Error)?);
            Ok(gst::FlowSuccess::Ok)
        };
        sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).build());
        pipeline.set_state(gst::State::Playing).await.unwrap();
        Self { frames, _pipeline: pipeline }
    }

    /// Where the frames come from, for [`super::str0m_peer::Options::sending`].
    pub(crate) fn frames(&self) -> &broadcast::Sender<Encoded> {
        &self.frames
    }
}

fn launch(codec: Codec) -> &'static str {
    match codec {
        Codec::Vp8 => {
            "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1 \
             ! vp8enc deadline=1 keyframe-max-dist=30 target-bitrate=500000 ! appsink name=out"
        }
        Codec::H264 => {
            "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1 \
             ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500 \
             ! video/x-h264,profile=constrained-baseline,stream-format=byte-stream,alignment=au ! appsink name=out"
        }
        Codec::Opus => {
            "audiotestsrc is-live=true freq=440 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 \
             ! opusenc ! appsink name=out"
        }
        Codec::Vp9 | Codec::Av1 => panic!("no test sends {codec}"),
    }
}

/// What a sink gave, made by a pipeline on this clock.
pub(crate) fn encoded(codec: Codec, sample: &gst::Sample, clockwork: &Clockwork) -> Option<Encoded> {
    let buffer = sample.buffer()?;
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    let time = Duration::from(segment.to_running_time(buffer.pts()?)?);
    let age = Duration::from(clockwork.running_time()).saturating_sub(time);
    let units = time.as_nanos() * u128::from(codec.clock_rate()) / 1_000_000_000;
    let data = buffer.map_readable().ok()?.as_slice().into();
    let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
    Some(Encoded { codec, time: units.try_into().ok()?, captured: Instant::now() - age, keyframe, data })
}
