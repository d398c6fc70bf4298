//! Looks at what a feed carries: decodes its pictures and its sound.

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use gst::prelude::*;
use peergate::{
    media::{clockwork::Clockwork, feed::Feed, pipeline::Pipeline, tap::Tap},
    source::strip::Strip,
};

use super::wait::wait_until;

/// A picture: its luma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Its running time.
    pub(crate) time: Duration,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
}

/// Decodes a feed's pictures.
pub(crate) struct Pictures(Decoded<Picture>);

/// Decodes a feed's sound.
pub(crate) struct Samples(Decoded<Sound>);

/// A stretch of sound: its left channel at 48 kHz, and the running time of its first sample.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sound {
    pub(crate) time: Duration,
    pub(crate) left: Vec<f64>,
}

struct Decoded<T> {
    items: Mutex<Receiver<T>>,
    _tap: Tap,
    _pipeline: Arc<Pipeline>,
}

impl Pictures {
    pub(crate) async fn of(feed: &Feed) -> Self {
        let description = "decodebin ! videoconvert ! video/x-raw,format=I420 ! appsink name=out";
        Self(decoded(feed, description, |sample| Picture::of(sample, running_time(sample))).await)
    }

    /// The next picture; fails after 15 s without one.
    pub(crate) async fn next(&self) -> Picture {
        self.0.next().await
    }

    /// Looks at pictures until one is as `wanted`; fails after 20 s.
    pub(crate) async fn find(&self, wanted: impl Fn(&Picture) -> bool) -> Picture {
        let search = async {
            loop {
                let picture = self.next().await;
                if wanted(&picture) {
                    return picture;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), search).await.expect("the wanted picture within 20 s")
    }
}

impl Picture {
    /// What is in a JPEG file.
    pub(crate) async fn of_jpeg(jpeg: &[u8]) -> Self {
        peergate::media::elements::start().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(jpeg).unwrap();
        let description = "filesrc name=file ! jpegdec ! videoconvert ! video/x-raw,format=I420 ! appsink name=out";
        let (pipeline, _bus) = Pipeline::parse("jpeg", description, &Clockwork::start()).unwrap();
        pipeline.element("file").unwrap().set_property("location", file.path().to_str().unwrap());
        pipeline.set_state(gst::State::Playing).await.unwrap();
        let sample = pipeline.appsink("out").unwrap().try_pull_sample(gst::ClockTime::from_seconds(10));
        Self::of(&sample.expect("a JPEG file with a picture"), Duration::ZERO)
    }

    fn of(sample: &gst::Sample, time: Duration) -> Self {
        use gst_video::prelude::*;
        let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let buffer = sample.buffer_owned().unwrap();
        let frame = gst_video::VideoFrame::from_buffer_readable(buffer, &info).unwrap();
        let (width, height) = (info.width() as usize, info.height() as usize);
        let lines = frame.plane_data(0).unwrap().chunks(frame.plane_stride()[0] as usize).take(height);
        Self { time, width, height, luma: lines.flat_map(|line| line[..width].to_vec()).collect() }
    }

    /// The number in the strip at its lower edge.
    pub(crate) fn number(&self) -> Option<u32> {
        Strip::of(self.width, self.height)?.read(&self.luma, self.width)
    }

    /// The luma of one pixel.
    pub(crate) fn at(&self, x: usize, y: usize) -> u8 {
        self.luma[y * self.width + x]
    }

    /// The mean of all luma.
    pub(crate) fn mean(&self) -> f64 {
        self.luma.iter().map(|luma| f64::from(*luma)).sum::<f64>() / self.luma.len() as f64
    }

    /// Whether it is what is shown in place of a source that gives nothing: dark, with words on it.
    pub(crate) fn is_slate(&self) -> bool {
        self.mean() < 40.0 && self.luma.iter().filter(|luma| **luma > 150).count() > 100
    }

    /// How many pixels differ clearly from another picture's.
    pub(crate) fn difference(&self, other: &Self) -> usize {
        self.luma.iter().zip(&other.luma).filter(|(one, other)| one.abs_diff(**other) > 40).count()
    }
}

impl Samples {
    pub(crate) async fn of(feed: &Feed) -> Self {
        let description = "decodebin ! audioconvert ! audioresample \
                           ! audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! appsink name=out";
        Self(
            decoded(feed, description, |sample| {
                let map = sample.buffer().unwrap().map_readable().unwrap();
                let left =
                    map.chunks_exact(4).map(|frame| f64::from(i16::from_le_bytes([frame[0], frame[1]])) / 32768.0);
                Sound { time: running_time(sample), left: left.collect() }
            })
            .await,
        )
    }

    /// The next stretch of so long, with silence where nothing came; fails after 15 s without sound.
    pub(crate) async fn next(&self, length: Duration) -> Sound {
        let wanted = (length.as_secs_f64() * 48_000.0) as usize;
        let mut sound = self.0.next().await;
        while sound.left.len() < wanted {
            let next = self.0.next().await;
            let begins = (next.time.saturating_sub(sound.time).as_secs_f64() * 48_000.0) as usize;
            // Times are rounded, and the decoder's are off by some samples.
            if begins > sound.left.len() + 240 {
                sound.left.resize(begins.min(wanted), 0.0);
            }
            sound.left.extend(next.left);
        }
        sound.left.truncate(wanted);
        sound
    }
}

impl Sound {
    /// Its level, as root mean square of full scale.
    pub(crate) fn level(&self) -> f64 {
        (self.left.iter().map(|sample| sample * sample).sum::<f64>() / self.left.len() as f64).sqrt()
    }

    /// How strong a pitch is in it, as amplitude (Goertzel).
    pub(crate) fn strength(&self, hertz: f64) -> f64 {
        strength(&self.left, hertz)
    }

    /// The running times at which a pitch begins to be stronger than `least`, after 100 ms without it, looked for in
    /// steps of 5 ms.
    pub(crate) fn onsets(&self, hertz: f64, least: f64) -> Vec<Duration> {
        let (step, quiet) = (240, 20);
        let loud: Vec<_> = self.left.chunks_exact(step).map(|chunk| strength(chunk, hertz) > least).collect();
        let begins = (quiet..loud.len()).filter(|at| loud[*at] && !loud[at - quiet..*at].contains(&true));
        begins.map(|at| self.time + Duration::from_millis(5 * at as u64)).collect()
    }
}

fn strength(samples: &[f64], hertz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hertz / 48_000.0;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        real += sample * (turn * at as f64).cos();
        imaginary += sample * (turn * at as f64).sin();
    }
    2.0 * f64::hypot(real, imaginary) / samples.len() as f64
}

impl<T> Decoded<T> {
    async fn next(&self) -> T {
        // Waiting this way is no await: whoever limits the time must get a chance.
        tokio::task::yield_now().await;
        let receive = || self.items.lock().unwrap().recv_timeout(Duration::from_secs(15));
        tokio::task::block_in_place(receive).expect("media within 15 s")
    }
}

async fn decoded<T: Send + 'static>(
    feed: &Feed,
    description: &str,
    read: impl Fn(&gst::Sample) -> T + Send + 'static,
) -> Decoded<T> {
    let description = format!("queue name=in ! {description} sync=false");
    let (pipeline, _bus) = Pipeline::parse("decode", &description, &Clockwork::start()).unwrap();
    let (sender, items) = channel();
    let out = pipeline.element("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    out.set_property("async", false);
    out.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                let _ = sender.send(read(&sample));
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    // It is there once its first frame is, which may take long; nobody waits for that here.
    let pipeline = Arc::new(pipeline);
    let starting = pipeline.clone();
    tokio::spawn(async move { starting.set_state(gst::State::Playing).await });
    // A pad that takes nothing yet is a taker that is gone.
    let sink = pipeline.element("in").unwrap().static_pad("sink").unwrap();
    wait_until("the decoder takes frames", Duration::from_secs(15), || sink.is_active()).await;
    let tap = feed.tap("decode");
    tap.link(&sink).unwrap();
    Decoded { items: Mutex::new(items), _tap: tap, _pipeline: pipeline }
}

fn running_time(sample: &gst::Sample) -> Duration {
    let segment = sample.segment().unwrap().downcast_ref::<gst::ClockTime>().unwrap();
    segment.to_running_time(sample.buffer().unwrap().pts()).unwrap().into()
}
