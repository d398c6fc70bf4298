//! A picture that flashes and a sound that beeps at the same moment, once a second, encoded for peers that send. Each picture
//! has its number in it.

use std::time::Duration;

use gst::prelude::*;
use peergate::{
    codec::{Codec, MediaKind},
    media::{clockwork::Clockwork, pipeline::Pipeline},
    source::strip::Strip,
};
use tokio::sync::broadcast;

use super::{encoded_media::encoded, str0m_peer::Encoded};

/// How long a flash lasts: three pictures at 30/s.
const FLASH: Duration = Duration::from_millis(100);

/// How many pictures there are in a second.
pub(crate) const RATE: u32 = 30;

/// How large they are.
pub(crate) const WIDTH: usize = 320;
pub(crate) const HEIGHT: usize = 180;

/// The luma of white.
const WHITE: u8 = 235;

/// Two pipelines on one clock that encode in real time until they are dropped.
#[derive(Debug)]
pub(crate) struct FlashAndBeep {
    pub(crate) codec: Codec,
    /// Where the picture's encoder ends.
    pub(crate) encoder: gst::Pad,
    pub(crate) picture: broadcast::Sender<Encoded>,
    pub(crate) sound: broadcast::Sender<Encoded>,
    clockwork: Clockwork,
    pipelines: [Pipeline; 2],
}

impl FlashAndBeep {
    /// A dark picture of 320x180 at 30/s that is white for a tenth of each second, with a keyframe each second, and a beep
    /// at the beginning of each. A picture's number is its time in pictures.
    pub(crate) async fn start(codec: Codec) -> Self {
        peergate::media::elements::start().unwrap();
        let clockwork = Clockwork::start();
        let (picture, pictures) = branch(codec, &clockwork).await;
        let (sound, sounds) = branch(Codec::Opus, &clockwork).await;
        let sink = pictures.as_gst().by_name("out").unwrap();
        let encoder = sink.static_pad("sink").unwrap();
        Self { codec, encoder, picture, sound, clockwork, pipelines: [pictures, sounds] }
    }

    /// Waits for so many pictures.
    pub(crate) async fn pictures(&self, count: u32) {
        let mut pictures = self.picture.subscribe();
        for _ in 0..count {
            pictures.recv().await.expect("a test that keeps up");
        }
    }

    /// From now on its pictures are so large.
    pub(crate) fn resize(&self, width: usize, height: usize) {
        let [pictures, _] = &self.pipelines;
        let size = gst::Caps::builder("video/x-raw").field("width", width as i32).field("height", height as i32);
        pictures.as_gst().by_name("size").unwrap().set_property("caps", size.build());
    }

    /// The time now, which pictures are numbered by.
    pub(crate) fn now(&self) -> Duration {
        self.clockwork.running_time().into()
    }
}

async fn branch(codec: Codec, clockwork: &Clockwork) -> (broadcast::Sender<Encoded>, Pipeline) {
    let (pipeline, _) = Pipeline::parse("flash-and-beep", &launch(codec), clockwork).unwrap();
    let sink = pipeline.as_gst().by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    let (frames, _) = broadcast::channel(256);
    let (all, clock) = (frames.clone(), clockwork.clone());
    let take = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let _ = all.send(encoded(codec, &sample, &clock).ok_or(gst::FlowError::Error)?);
        Ok(gst::FlowSuccess::Ok)
    };
    sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).build());
    if let Some(painted) = pipeline.as_gst().by_name("painted") {
        painted.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, |_, info| {
            let buffer = info.buffer_mut().unwrap().make_mut();
            let time = Duration::from(buffer.pts().unwrap());
            let mut map = buffer.map_writable().unwrap();
            // It comes first in I420.
            let luma = &mut map[..WIDTH * HEIGHT];
            if u128::from(time.subsec_nanos()) < FLASH.as_nanos() {
                luma.fill(WHITE);
            }
            Strip::of(WIDTH, HEIGHT).unwrap().draw(luma, WIDTH, number(time));
            gst::PadProbeReturn::Ok
        });
    }
    pipeline.set_state(gst::State::Playing).await.unwrap();
    (frames, pipeline)
}

/// The number of the picture that is shown then.
fn number(time: Duration) -> u32 {
    (time.as_secs_f64() * f64::from(RATE)).round() as u32
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
         ! identity name=painted ! videoscale ! capsfilter name=size ! {encoder} ! appsink name=out"
    )
}
