//! What a peer sends in each codec is in the file, every picture and every packet of sound.

use peergate::{
    codec::{Codec, MediaKind},
    recording::{Container, manifest::State},
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    recordings::Recordings,
};

/// How many pictures are sent.
const SENT: u64 = 150;

#[tokio::test(flavor = "multi_thread")]
async fn vp8_in_webm() {
    is_recorded(Codec::Vp8, Container::WebM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vp9_in_webm() {
    is_recorded(Codec::Vp9, Container::WebM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn av1_in_webm() {
    is_recorded(Codec::Av1, Container::WebM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_in_matroska_as_webm_does_not_take_it() {
    is_recorded(Codec::H264, Container::Matroska).await;
}

/// WebM is asked for; the file is a `container`.
async fn is_recorded(codec: Codec, container: Container) {
    let recordings = Recordings::new();
    let settings = format!("[encode]\ncodec = ['{codec}']\n[record]\ncontainer = 'webm'\n");
    let gateway = Daemon::recording("remote", recordings.dir(), &settings).await;
    let media = FlashAndBeep::start(codec).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, SENT).await;
    camera.leave(&gateway).await;

    let segments = recordings.settled(1).await;
    let [segment] = segments.as_slice() else { panic!("one file: {segments:?}") };
    assert_eq!((&segment.manifest.state, segment.manifest.container), (&State::Finished, container));
    let ending = if container == Container::WebM { "webm" } else { "mkv" };
    assert_eq!(segment.path.extension().unwrap(), ending);
    segment.is_what_its_manifest_says();
    recordings.are_chained();

    let tracks = &segment.manifest.tracks;
    let codecs = tracks.iter().map(|track| track.codec);
    assert!(codecs.clone().any(|one| one == codec) && codecs.count() == 2, "{tracks:?}");
    let video = segment.track(MediaKind::Video).unwrap();
    assert!(video.frames >= SENT, "each picture that came is in the file: {video:?}");
    let seconds = video.frames / u64::from(RATE);
    assert!(video.keyframes >= seconds, "one each second: {video:?}");
    let sizes: Vec<_> = video.sizes.iter().map(|one| (one.size.width, one.size.height)).collect();
    assert_eq!(sizes, [(320, 180)]);
    let numbers = segment.numbers();
    assert_eq!(numbers.len() as u64, video.frames);
    assert!(numbers.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "no picture is missing: {numbers:?}");
    assert!(segment.gaps(MediaKind::Video).is_empty() && segment.gaps(MediaKind::Audio).is_empty());

    let flashes = segment.flashes().len() as u64;
    assert!((seconds - 1..=seconds + 1).contains(&flashes), "one each second: {flashes}");
    let beeps = segment.beeps().len() as u64;
    assert!(beeps.abs_diff(flashes) <= 1, "as many as flashes: {beeps}");
    let noted = segment.manifest.end.unwrap().since_boot - segment.manifest.start.since_boot;
    assert!(noted.abs_diff(segment.duration()).as_millis() < 5, "{noted:?} is {:?}", segment.duration());
}
