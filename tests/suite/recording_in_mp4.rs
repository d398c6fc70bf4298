//! With `container = "mp4"`, what a peer sends is in fragmented MP4 files: in sync, picture by picture, and mended where the
//! daemon was killed. What MP4 does not hold is in Matroska.

use peergate::{
    codec::{Codec, MediaKind},
    recording::{Container, manifest::State},
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    recorded::Recorded,
    recordings::Recordings,
};

const SETTINGS: &str = "[record]\ncontainer = 'mp4'\n";

/// How many pictures are sent.
const SENT: u64 = 180;

/// How far apart a flash and its beep may be, in s.
const LIMIT: f64 = 0.04;

/// When the first reports of both tracks have come, in s. Until then it is not known how they belong together.
const SETTLED: f64 = 2.0;

#[tokio::test(flavor = "multi_thread")]
async fn h264_and_opus_are_in_sync() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
    let media = FlashAndBeep::start(Codec::H264).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, SENT).await;
    camera.leave(&gateway).await;

    let segments = recordings.settled(1).await;
    let [segment] = segments.as_slice() else { panic!("one file: {segments:?}") };
    assert_eq!(segment.manifest.state, State::Finished);
    is_mp4(segment);
    let video = segment.track(MediaKind::Video).unwrap();
    assert!(video.codec == Codec::H264 && video.frames >= SENT, "each picture that came is in the file: {video:?}");
    let numbers = segment.numbers();
    assert_eq!(numbers.len() as u64, video.frames);

    let (flashes, beeps) = (segment.flashes(), segment.beeps());
    assert!(flashes.len() as u64 >= SENT / u64::from(RATE) - 1, "one each second: {flashes:?}");
    let settled: Vec<f64> = flashes[..flashes.len() - 1].iter().copied().filter(|flash| *flash > SETTLED).collect();
    assert!(settled.len() >= 2, "{flashes:?}");
    for flash in settled {
        let nearest = beeps.iter().map(|beep| (beep - flash).abs()).fold(f64::MAX, f64::min);
        assert!(nearest < LIMIT, "{nearest} s between flash and beep; flashes {flashes:?}, beeps {beeps:?}");
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
