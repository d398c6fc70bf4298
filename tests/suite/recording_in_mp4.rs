//! With `container = "mp4"`, what a peer sends is in fragmented MP4 files: in sync, picture by picture, and mended where the
//! daemon was killed. What MP4 does not hold is in Matroska.

use peergate::{
    codec::{Codec, MediaKind},
    recording::{Container, manifest::State},
};
use serde_json::Value;

use crate::common::{
    camera::Camera,
    daemon::{Daemon, receiving},
    flash_and_beep::{FlashAndBeep, RATE},
    recorded::Recorded,
    recordings::Recordings,
};

const SETTINGS: &str = "[record]\ncontainer = 'mp4'\n";

/// How many pictures are sent.
const SENT: u64 = 180;

/// How far apart picture and sound may be, in s.
const LIMIT: f64 = 0.04;

/// When the first reports of both tracks have come, in s. Until then it is not known how they belong together.
const SETTLED: f64 = 2.0;

/// The sender is another gateway, whose test tone ticks when its test picture begins another second: its clock decides.
#[tokio::test(flavor = "multi_thread")]
async fn h264_and_opus_are_in_sync() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
    let room = gateway.ws("/signal");
    let sends = ["--id", "camera", "--stun", "none", "--size", "320x180", "--bitrate", "500k", "--codec", "h264"];
    let camera = Daemon::run(&[&["--room", &room], sends.as_slice()].concat()).await;
    let has_sent = |track: &Value| track["frames"].as_u64() >= Some(SENT);
    gateway.peer("camera", |peer| receiving(peer, "h264").is_some_and(has_sent)).await;
    camera.signal("TERM");

    let segments = recordings.settled(1).await;
    let segment = segments.last().unwrap();
    assert_eq!(segment.manifest.state, State::Finished);
    assert_eq!((segment.manifest.container, segment.path.extension().unwrap()), (Container::Mp4, "mp4".as_ref()));
    segment.is_what_its_manifest_says();
    assert_eq!(segment.track(MediaKind::Video).unwrap().codec, Codec::H264);
    let (numbers, ticks) = (segment.numbers(), segment.beeps());
    // By the first picture of each: a busy sender leaves some out.
    let first = numbers.chunk_by(|one, next| one.1 / RATE == next.1 / RATE).map(|second| second[0]);
    let seconds = first.map(|(time, number)| time - f64::from(number % RATE) / f64::from(RATE));
    let end = numbers.last().unwrap().0 - 1.0;
    let settled: Vec<f64> = seconds.filter(|second| *second > SETTLED && *second < end).collect();
    assert!(settled.len() >= 3, "one each second: {numbers:?}");
    for second in &settled {
        let nearest = ticks.iter().map(|tick| (tick - second).abs()).fold(f64::MAX, f64::min);
        assert!(nearest < LIMIT, "{nearest} s between picture and tick; seconds {settled:?}, ticks {ticks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_is_mended() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
    let media = FlashAndBeep::start(Codec::H264).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, SENT).await;
    drop(gateway);

    let next = Daemon::recording("none", recordings.dir(), "").await;
    let segments = recordings.settled(1).await;
    drop(next);
    let [segment] = segments.as_slice() else { panic!("one file: {segments:?}") };
    assert_eq!(segment.manifest.state, State::Recovered);
    is_mp4(segment);
    let frames = segment.track(MediaKind::Video).unwrap().frames;
    assert!(frames + u64::from(RATE) >= SENT, "a second is lost at most: {frames}");
}

#[tokio::test(flavor = "multi_thread")]
async fn vp8_is_in_matroska() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, u64::from(RATE)).await;
    camera.leave(&gateway).await;
    let segments = recordings.settled(1).await;
    let [segment] = segments.as_slice() else { panic!("one file: {segments:?}") };
    assert_eq!(segment.manifest.container, Container::Matroska);
    segment.is_what_its_manifest_says();
}

/// Fails unless it is a whole MP4 file, with each picture that came in it.
fn is_mp4(segment: &Recorded) {
    assert_eq!(segment.manifest.container, Container::Mp4);
    assert_eq!(segment.path.extension().unwrap(), "mp4");
    segment.is_what_its_manifest_says();
    let numbers = segment.numbers();
    assert!(numbers.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "no picture is missing: {numbers:?}");
}
