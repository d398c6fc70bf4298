//! Peers that send only one thing, send it late, fall silent, change the size of their pictures, or go without a word:
//! each file plays to its end, and its manifest says what is missing.

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::{GapKind, State},
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    recorded::Recorded,
    recordings::Recordings,
};

/// How many frames a second has: 20 ms in each packet of sound.
const PICTURES: u64 = RATE as u64;
const PACKETS: u64 = 50;

struct Scene {
    recordings: Recordings,
    gateway: Daemon,
    media: FlashAndBeep,
    camera: Camera,
}

impl Scene {
    /// A camera that sends nothing yet.
    async fn new(codec: Codec) -> Self {
        let recordings = Recordings::new();
        let gateway = Daemon::recording("remote", recordings.dir(), "").await;
        let media = FlashAndBeep::start(codec).await;
        let camera = Camera::silent(&gateway, "camera", &media).await;
        Self { recordings, gateway, media, camera }
    }

    /// The camera goes on for so many seconds of one kind.
    async fn goes_on(&self, kind: MediaKind, seconds: u64) {
        let rate = if kind == MediaKind::Audio { PACKETS } else { PICTURES };
        self.camera.goes_on(&self.gateway, kind, rate * seconds).await;
    }

    /// The camera leaves; what was recorded of it, so many files.
    async fn files<const COUNT: usize>(&self) -> [Recorded; COUNT] {
        self.camera.leave(&self.gateway).await;
        files(&self.recordings).await
    }
}

async fn files<const COUNT: usize>(recordings: &Recordings) -> [Recorded; COUNT] {
    let segments = recordings.settled(COUNT).await;
    for segment in &segments {
        assert_eq!(segment.manifest.state, State::Finished);
        segment.is_what_its_manifest_says();
    }
    recordings.are_chained();
    segments.try_into().unwrap_or_else(|segments| panic!("{COUNT} files: {segments:#?}"))
}

fn codecs(file: &Recorded) -> Vec<Codec> {
    let mut codecs: Vec<_> = file.manifest.tracks.iter().map(|track| track.codec).collect();
    codecs.sort_by_key(|codec| codec.kind() == MediaKind::Video);
    codecs
}

/// Fails when frames of a kind are missing or twice where one file ends and the next begins.
fn joined(first: &Recorded, second: &Recorded, kind: MediaKind, length: f64) {
    let last = first.since_boot(first.packets(kind).last().unwrap().time);
    let next = second.since_boot(second.packets(kind)[0].time);
    // The beginning of a file is known to a few ms, by when it was made.
    assert!((next - last - length).abs() < length / 2.0, "{next} s follows {last} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone() {
    let scene = Scene::new(Codec::Vp8).await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Audio, 3).await;
    let [file] = scene.files().await;
    assert_eq!(codecs(&file), [Codec::Opus]);
    assert!(file.track(MediaKind::Audio).unwrap().frames >= 3 * PACKETS);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_alone() {
    let scene = Scene::new(Codec::H264).await;
    scene.camera.picture.open().await;
    scene.goes_on(MediaKind::Video, 3).await;
    let [file] = scene.files().await;
    assert_eq!(codecs(&file), [Codec::H264]);
    assert!(file.track(MediaKind::Video).unwrap().frames >= 3 * PICTURES);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_come_late() {
    let scene = Scene::new(Codec::Vp8).await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Audio, 3).await;
    scene.camera.picture.open().await;
    scene.goes_on(MediaKind::Video, 2).await;
    let [first, second] = scene.files().await;
    assert_eq!((codecs(&first), codecs(&second)), (vec![Codec::Opus], vec![Codec::Opus, Codec::Vp8]));
    joined(&first, &second, MediaKind::Audio, 0.02);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_comes_late() {
    let scene = Scene::new(Codec::Vp8).await;
    scene.camera.picture.open().await;
    scene.goes_on(MediaKind::Video, 3).await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Audio, 2).await;
    let [first, second] = scene.files().await;
    assert_eq!((codecs(&first), codecs(&second)), (vec![Codec::Vp8], vec![Codec::Opus, Codec::Vp8]));
    let last = first.numbers().last().unwrap().1;
    assert_eq!(second.numbers()[0].1, last + 1, "no picture is missing, none is twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_stop_for_a_while() {
    let scene = Scene::new(Codec::H264).await;
    scene.camera.picture.open().await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Video, 2).await;
    scene.camera.picture.close();
    scene.goes_on(MediaKind::Audio, 4).await;
    scene.camera.picture.open().await;
    scene.goes_on(MediaKind::Video, 2).await;
    let [file] = scene.files().await;
    has_one_silence(&file, MediaKind::Video);
    // The time in the file is the time that passed: pictures have numbers by their time.
    let numbers = file.numbers();
    let [first, last] = [numbers[0], numbers[numbers.len() - 1]];
    let passed = f64::from(last.1 - first.1) / f64::from(RATE);
    assert!((last.0 - first.0 - passed).abs() < 0.1, "{passed} s from {first:?} to {last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_stops_for_a_while() {
    let scene = Scene::new(Codec::Vp8).await;
    scene.camera.picture.open().await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Audio, 2).await;
    scene.camera.sound.close();
    scene.goes_on(MediaKind::Video, 4).await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Audio, 2).await;
    let [file] = scene.files().await;
    has_one_silence(&file, MediaKind::Audio);
    let numbers = file.numbers();
    assert!(numbers.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "no picture is missing: {numbers:?}");
}

/// One of about 4 s.
fn has_one_silence(file: &Recorded, kind: MediaKind) {
    let gaps = file.gaps(kind);
    let [gap] = gaps.as_slice() else { panic!("one gap: {gaps:?}") };
    assert_eq!(gap.kind, GapKind::Silent);
    let seconds = (gap.to - gap.from).as_secs_f64();
    assert!((3.5..6.0).contains(&seconds), "{gap:?}");
    assert_eq!(file.manifest.gaps.listed().len(), 1, "the other track goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_vp8_that_grow() {
    that_grow(Codec::Vp8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_h264_that_grow() {
    that_grow(Codec::H264).await;
}

async fn that_grow(codec: Codec) {
    let scene = Scene::new(codec).await;
    scene.camera.picture.open().await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Video, 2).await;
    scene.media.resize(640, 360);
    scene.goes_on(MediaKind::Video, 2).await;
    let [file] = scene.files().await;
    let sizes = &file.track(MediaKind::Video).unwrap().sizes;
    let sides: Vec<_> = sizes.iter().map(|one| (one.size.width, one.size.height)).collect();
    assert_eq!(sides, [(320, 180), (640, 360)]);
    assert!(sizes[1].at.as_secs_f64() > 1.0, "{sizes:?}");
    let numbers = file.numbers();
    assert!(numbers.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "no picture is missing: {numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_goes_without_a_word() {
    let scene = Scene::new(Codec::Vp8).await;
    scene.camera.picture.open().await;
    scene.camera.sound.open().await;
    scene.goes_on(MediaKind::Video, 3).await;
    drop(scene.camera);
    let [file] = files(&scene.recordings).await;
    assert!(file.numbers().len() as u64 >= 3 * PICTURES, "all that came is there");
}
