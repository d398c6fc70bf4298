//! Looks at what came: frames become pictures and sound again, through GStreamer's decoders.

use gst::prelude::*;
use gst_video::VideoFrameExt;
use peergate::{
    codec::Codec,
    media::{clockwork::Clockwork, pipeline::Pipeline},
    source::strip::Strip,
};

use super::str0m_peer::Track;

/// A picture's luminance.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// 0 to 255 each, line by line, without padding.
    pub(crate) luma: Vec<u8>,
}

impl Picture {
    /// The number in the strip at its lower edge.
    pub(crate) fn number(&self) -> Option<u32> {
        Strip::of(self.width, self.height)?.read(&self.luma, self.width)
    }
}

/// The pictures of the frames that `track` kept. Panics when a decoder refuses one.
pub(crate) async fn pictures(track: &Track) -> Vec<Picture> {
    let chain = match track.codec {
        Codec::H264 => "h264parse ! openh264dec",
        Codec::Vp8 => "vp8dec",
        Codec::Vp9 => "vp9dec",
        // Each frame ends with the temporal unit that it is in, and comes without the delimiter of the next.
        Codec::Av1 => "av1parse ! av1dec",
        Codec::Opus => panic!("no pictures are made of sound"),
    };
    let samples = decode(track, &format!("{chain} ! videoconvert ! video/x-raw,format=GRAY8")).await;
    samples.iter().map(picture).collect()
}

/// The sound of the packets that `track` kept: one channel at 48 kHz, -1 to 1.
pub(crate) async fn sound(track: &Track) -> Vec<f32> {
    let chain = "opusdec ! audioconvert ! audio/x-raw,format=F32LE,channels=1,rate=48000";
    let samples = decode(track, chain).await;
    let floats = |sample: &gst::Sample| {
        let bytes = sample.buffer().unwrap().map_readable().unwrap();
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect::<Vec<_>>()
    };
    samples.iter().flat_map(floats).collect()
}

/// How strong `frequency`, in Hz, is in `sound`: the amplitude of its sine (Goertzel).
pub(crate) fn amplitude(sound: &[f32], frequency: f32) -> f32 {
    let step = std::f32::consts::TAU * frequency / 48_000.0;
    let (mut real, mut imaginary) = (0.0_f64, 0.0_f64);
    for (index, value) in sound.iter().enumerate() {
        let angle = f64::from(step) * index as f64;
        real += f64::from(*value) * angle.cos();
        imaginary += f64::from(*value) * angle.sin();
    }
    (2.0 * real.hypot(imaginary) / sound.len() as f64) as f32
}

async fn decode(track: &Track, chain: &str) -> Vec<gst::Sample> {
    gst::init().unwrap();
    let caps = match track.codec {
        Codec::H264 => "video/x-h264,stream-format=byte-stream,alignment=au",
        Codec::Vp8 => "video/x-vp8",
        Codec::Vp9 => "video/x-vp9",
        Codec::Av1 => "video/x-av1,stream-format=obu-stream,alignment=tu",
        Codec::Opus => "audio/x-opus,channel-mapping-family=0,channels=2,rate=48000",
    };
    let launch = format!("appsrc name=in format=time caps={caps} ! {chain} ! appsink name=out sync=false");
    let (pipeline, mut bus) = Pipeline::parse("decode", &launch, &Clockwork::start()).unwrap();
    let source = pipeline.as_gst().by_name("in").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    let sink = pipeline.as_gst().by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    let first = track.kept.first().expect("a track that kept frames").time;
    for frame in &track.kept {
        let mut buffer = gst::Buffer::from_slice(frame.data.clone());
        let time = gst::ClockTime::try_from(frame.time.saturating_sub(first)).unwrap();
        buffer.get_mut().unwrap().set_pts(time);
        source.push_buffer(buffer).unwrap();
    }
    source.end_of_stream().unwrap();
    if let Err(error) = pipeline.set_state(gst::State::Playing).await {
        panic!("{} frames of {} are not decoded: {error}; {:?}", track.kept.len(), track.codec, bus.recv().await);
    }
    let pull = move || std::iter::from_fn(|| sink.pull_sample().ok()).collect();
    tokio::task::spawn_blocking(pull).await.unwrap()
}

fn picture(sample: &gst::Sample) -> Picture {
    let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &info).unwrap();
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let stride = frame.plane_stride()[0] as usize;
    let lines = frame.plane_data(0).unwrap().chunks(stride).take(height);
    Picture { width, height, luma: lines.flat_map(|line| &line[..width]).copied().collect() }
}
