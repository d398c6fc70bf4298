//! A picture that flashes and a sound that beeps at the same moment, once a second, encoded for peers that send.

use std::time::Duration;

use gst::prelude::*;
use peergate::{
    codec::{Codec, MediaKind},
    media::{clockwork::Clockwork, pipeline::Pipeline},
};
use tokio::sync::broadcast;

use super::{encoded_media::encoded, str0m_peer::Encoded};

/// How long a flash lasts: three pictures at 30/s.
const FLASH: Duration = Duration::from_millis(100);

/// Two pipelines on one clock that encode in real time until they are dropped.
#[derive(Debug)]
pub(crate) struct FlashAndBeep {
    pub(crate) picture: broadcast::Sender<Encoded>,
    pub(crate) sound: broadcast::Sender<Encoded>,
    _pipelines: [Pipeline; 2],
}

impl FlashAndBeep {
    /// A dark picture of 320x180 at 30/s that is white for a tenth of each second, with a keyframe each second, and a beep
    /// at the beginning of each.
    pub(crate) async fn start(codec: Codec) -> Self {
        peergate::media::elements::start().unwrap();
        let clockwork = Clockwork::start();
        let (picture, pictures) = branch(codec, &clockwork).await;
        let (sound, sounds) = branch(Codec::Opus, &clockwork).await;
        Self { picture, sound, _pipelines: [pictures, sounds] }
    }
}

async fn branch(codec: Codec, clockwork: &Clockwork) -> (broadcast::Sender<Encoded>, Pipeline) {
    let (pipeline, _) = Pipeline::parse("flash-and-beep", &launch(codec), clockwork).unwrap();
    let sink = pipeline.as_gst().by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    let (frames, _) = broadcast::channel(256);
    let all = frames.clone();
    let take = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let _ = all.send(encoded(codec, &sample).ok_or(gst::FlowError::Error)?);
        Ok(gst::FlowSuccess::Ok)
    };
    sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).build());
    if let Some(painted) = pipeline.as_gst().by_name("painted") {
        painted.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, |_, info| {
            let buffer = info.buffer_mut().unwrap().make_mut();
            let since_second = Duration::from(buffer.pts().unwrap()).subsec_nanos();
            if u128::from(since_second) < FLASH.as_nanos() {
                // Luma comes first in I420; 235 is white.
                buffer.map_writable().unwrap()[..320 * 180].fill(235);
            }
            gst::PadProbeReturn::Ok
        });
    }
    pipeline.set_state(gst::State::Playing).await.unwrap();
    (frames, pipeline)
}

fn launch(codec: Codec) -> String {
    let encoder = match codec {
        Codec::Vp8 => "vp8enc deadline=1 keyframe-max-dist=30 target-bitrate=500000",
        Codec::Vp9 => "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=30 target-bitrate=500000",
        Codec::Av1 => {
            "av1enc usage-profile=realtime cpu-used=10 keyframe-max-dist=30 target-bitrate=500 ! av1parse ! video/x-av1,stream-format=obu-stream,alignment=tu"
        }
        Codec::H264 => {
            "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500 \
             ! video/x-h264,profile=constrained-baseline,stream-format=byte-stream,alignment=au"
        }
        Codec::Opus => {
            return "audiotestsrc is-live=true wave=ticks freq=1000 tick-interval=1000000000 sine-periods-per-tick=50 \
                    samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! appsink name=out"
                .to_owned();
        }
    };
    assert_eq!(codec.kind(), MediaKind::Video);
    format!(
        "videotestsrc is-live=true pattern=black ! video/x-raw,format=I420,width=320,height=180,framerate=30/1 \
         ! identity name=painted ! {encoder} ! appsink name=out"
    )
}
