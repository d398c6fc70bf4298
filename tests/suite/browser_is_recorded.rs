//! What browsers send is recorded: all of it plays, is what its manifest says, and was at one moment what is at one moment in the
//! file. Their fake cameras show what moves, and Chromium's microphone beeps; for the times of both, a page makes pictures and
//! sound of its own.

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::GapKind,
};
use serde_json::Value;

use crate::common::{
    browser::{Options, PATIENCE},
    daemon::Daemon,
    page::{Choice, Page},
    peers_in_state::{peers, received},
    recorded::Recorded,
    recordings::Recordings,
};

/// So much is recorded at least: Chromium's fake camera gives 20 pictures in a second, and 50 packets are one of sound.
const PICTURES: u64 = 100;
const PACKETS: u64 = 350;
/// And so many packets more: of a second.
const MORE: u64 = 50;

/// How far apart picture and sound may be, in s.
const LIMIT: f64 = 0.04;

/// When the first reports of both tracks have come, in s. Until then it is not known how they belong together.
const SETTLED: f64 = 2.5;

/// Makes pictures and sound that the page takes for those of its camera and microphone.
const PULSING: &str = include_str!("common/browser/pulsing.js");

/// The file of a page that sent its camera and microphone for some seconds.
struct Taken {
    file: Recorded,
    /// How large the page's own pictures of its camera are: width and height.
    camera: [f64; 2],
    /// How far the page's sound fell behind while it was recorded, in s, where the page made it itself.
    fell_behind: Option<f64>,
    _recordings: Recordings,
}

impl Taken {
    async fn with(options: Options, script: &str) -> Self {
        let recordings = Recordings::new();
        let daemon = Daemon::recording("remote", recordings.dir(), "").await;
        let page = Page::start(options, &daemon.http("/")).await;
        page.one_peer().await;
        page.browser.value(&format!("(() => {{{script}}})()"), &[]).await;
        page.choose(Choice::Camera).await;
        let is_enough = |state: &Value| received(state, "video") > PICTURES && received(state, "audio") > PACKETS;
        let heard = received(&daemon.wait_for_state(PATIENCE, is_enough).await, "audio");
        // What comes last may still wait to be put in order when the page goes.
        daemon.wait_for_state(PATIENCE, |state| received(state, "audio") > heard + MORE).await;
        let camera = "(({ videoWidth, videoHeight }) => [videoWidth, videoHeight])(document.querySelector('#self-video'))";
        let camera = serde_json::from_value(page.browser.value(camera, &[]).await).unwrap();
        let fell_behind = page.browser.value("window.soundFellBehind?.()", &[]).await.as_f64();
        page.browser.close_page().await;
        daemon.wait_for_state(PATIENCE, |state| peers(state).is_empty()).await;

        let mut segments = recordings.settled(1).await;
        for segment in &segments {
            segment.is_what_its_manifest_says();
        }
        recordings.are_chained();
        let gaps = segments.iter().flat_map(|one| one.manifest.gaps.listed());
        let ours: Vec<_> = gaps.filter(|gap| [GapKind::Dropped, GapKind::Disk].contains(&gap.kind)).collect();
        assert!(ours.is_empty(), "{ours:?}");
        let sound = segments.iter().filter_map(|one| one.track(MediaKind::Audio)).map(|track| track.frames);
        let sound = sound.sum::<u64>();
        assert!(sound >= heard, "{sound} packets of sound, and {heard} had come long before the end");
        // One that begins when there is sound and no picture yet is short.
        let file = segments.pop().unwrap();
        assert_eq!(file.manifest.tracks.len(), 2, "{file:?}");
        Self { file, camera, fell_behind, _recordings: recordings }
    }

    /// Fails unless its pictures are about as many as a camera of this `rate` gives, of that one's shape, and other than
    /// each before.
    fn is_whole(&self, rate: f64) {
        let [width, height] = self.camera;
        let video = self.file.track(MediaKind::Video).unwrap();
        let size = video.sizes.last().unwrap().size;
        assert_eq!([size.width, size.height], self.file.last_size());
        // Browsers begin with smaller pictures than the camera's where the link, or the machine, may not bear more.
        assert!(f64::from(size.width) <= width, "{size:?} of {:?}", self.camera);
        assert!((f64::from(size.width) / f64::from(size.height) - width / height).abs() < 0.02, "{size:?}");
        let packets = self.file.packets(MediaKind::Video);
        let seconds = packets[packets.len() - 1].time - packets[0].time;
        let seen = (packets.len() - 1) as f64 / seconds;
        // A busy browser leaves some out.
        assert!((0.5 * rate..1.1 * rate).contains(&seen), "{seen} pictures in a second, of {rate}");
        let (all, different) = self.file.pictures_that_differ();
        assert!(all == packets.len() && different * 10 > all * 9, "{different} of {all} pictures differ");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromiums_camera() {
    let taken = Taken::with(Options::chromium(), "").await;
    assert_eq!(taken.file.track(MediaKind::Video).unwrap().codec, Codec::H264);
    taken.is_whole(20.0);
    // Its fake microphone beeps at 400 Hz, twice a second.
    let beeps = taken.file.beeps_of(400.0);
    assert!(beeps.len() >= 14, "{beeps:?}");
    for pair in beeps.windows(2).filter(|pair| pair[0] > SETTLED) {
        assert!((pair[1] - pair[0] - 0.5).abs() < LIMIT, "two in each second: {beeps:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firefoxes_camera() {
    let taken = Taken::with(Options::firefox(), "").await;
    assert_eq!(taken.file.track(MediaKind::Video).unwrap().codec, Codec::Vp8);
    taken.is_whole(30.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromiums_picture_and_sound_are_together() {
    are_together(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefoxes_picture_and_sound_are_together() {
    are_together(Options::firefox()).await;
}

async fn are_together(options: Options) {
    let taken = Taken::with(Options { loudspeaker: true, ..options }, PULSING).await;
    taken.is_whole(30.0);
    let beeps = taken.file.beeps();
    // A browser whose sound falls behind on a busy machine does not say so before its next report.
    let limit = LIMIT + taken.fell_behind.unwrap();
    // Each picture says when the second began that it is of, to 4 ms. What is next to black or white may be rounded.
    let told = taken.file.brightness().into_iter().filter(|(_, grey)| (25..230).contains(grey));
    let seconds: Vec<_> = told.map(|(time, grey)| time - f64::from(grey) / 255.0).collect();
    let settled: Vec<_> = beeps.windows(2).filter(|pair| pair[0] > SETTLED).collect();
    assert!(settled.len() >= 3, "{beeps:?}");
    for pair in settled {
        // A browser on a busy machine may be slow with its sound; what is in it is to be there.
        assert!((0.8..1.3).contains(&(pair[1] - pair[0])), "one each second, none missing: {beeps:?}");
        let mut apart: Vec<_> = seconds.iter().map(|second| second - pair[0]).filter(|apart| apart.abs() < 0.5).collect();
        apart.sort_by(f64::total_cmp);
        assert!(apart.len() >= 8, "pictures of the second at {} s: {seconds:?}", pair[0]);
        // Browsers take a picture when they come to it: now one is early, now late.
        let middle = apart[apart.len() / 2];
        assert!(middle.abs() < limit, "{middle} s between picture and beep at {} s: {apart:?}", pair[0]);
    }
}
