//! A disk that is full, read-only, hangs, or is not there: the room notices nothing, the state says what is wrong, and
//! recording goes on when it can.

use std::{fs, time::Duration};

use peergate::codec::{Codec, MediaKind};
use serde_json::Value;

use crate::common::{
    camera::Camera,
    daemon::{Daemon, GATEWAY},
    disks::Disk,
    flash_and_beep::{FlashAndBeep, RATE},
    metrics::Metrics,
    recordings::Recordings,
    str0m_peer::{Options, Viewer},
};

/// How long it may take until the state says what is wrong, or that it is no longer.
const LIMIT: Duration = Duration::from_secs(15);

/// Without limits of what is kept: the disk itself is the limit.
const SETTINGS: &str = "[record.keep]\nfree = 'none'\n";

/// A gateway that records a camera, and somebody who looks on.
struct Scene {
    recordings: Recordings,
    gateway: Daemon,
    _media: FlashAndBeep,
    camera: Camera,
    viewer: Viewer,
}

impl Scene {
    async fn new(disk: &Disk, settings: &str) -> Self {
        let recordings = Recordings::at(&disk.path().join("recordings"));
        let gateway = Daemon::recording("remote", recordings.dir(), settings).await;
        let media = FlashAndBeep::start(Codec::Vp8).await;
        let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").meeting(GATEWAY)).await;
        viewer.video(10).await;
        let camera = Camera::join(&gateway, "camera", &media).await;
        Self { recordings, gateway, _media: media, camera, viewer }
    }

    /// Waits until the recording is in this state, and gives it.
    async fn is(&self, wanted: &str) -> Value {
        let condition = |state: &Value| state["recordings"][0]["condition"].clone();
        let state = self.gateway.wait_for_state(LIMIT, |state| condition(state)["state"] == wanted).await;
        condition(&state)
    }

    /// How many recordings fail, as the metrics say.
    async fn failed_recordings(&self) -> f64 {
        Metrics::scrape(&self.gateway).await.value("peergate_recordings", &[("state", "failed")])
    }

    /// Fails when the viewer has missed a picture, or sees none any more, and the camera's no longer come.
    async fn room_notices_nothing(&self) {
        let before = self.viewer.video(1).await;
        let after = self.viewer.video(before.frames + u64::from(RATE)).await;
        assert_eq!(after.gaps, 0, "{after:?}");
        self.camera.goes_on(&self.gateway, MediaKind::Video, u64::from(RATE)).await;
    }
}

fn why(condition: &Value) -> &str {
    condition["why"].as_str().expect("a reason")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_is_told_and_recording_goes_on_when_there_is_room() {
    let disk = Disk::in_memory(4);
    let scene = Scene::new(&disk, SETTINGS).await;
    scene.is("recording").await;
    let filler = disk.path().join("filler");
    // As much as there is room for.
    let filled = fs::write(&filler, vec![0; 5 << 20]);
    assert!(filled.is_err(), "the disk has 4 MB");
    let failed = scene.is("failed").await;
    assert!(why(&failed).contains("make room"), "{failed}");
    assert_eq!(scene.failed_recordings().await, 1.0);
    scene.room_notices_nothing().await;
    fs::remove_file(&filler).unwrap();
    scene.is("recording").await;
    assert_eq!(scene.failed_recordings().await, 0.0);
    scene.camera.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    plays(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_told_and_another_in_its_place_is_taken() {
    let disk = Disk::in_a_file(64);
    let scene = Scene::new(&disk, SETTINGS).await;
    scene.is("recording").await;
    disk.fail();
    let failed = scene.is("failed").await;
    assert!(why(&failed).contains("mounted read-only"), "{failed}");
    scene.room_notices_nothing().await;
    disk.unplug();
    disk.mount_in_memory(64);
    scene.is("recording").await;
    scene.camera.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    plays(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_holds_up_nobody() {
    let disk = Disk::in_a_file(64);
    let scene = Scene::new(&disk, SETTINGS).await;
    scene.is("recording").await;
    let frozen = disk.freeze();
    let failed = scene.is("failed").await;
    assert!(why(&failed).contains("the disk has not taken"), "{failed}");
    scene.room_notices_nothing().await;
    drop(frozen);
    scene.is("recording").await;
    scene.camera.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    plays(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_not_mounted_is_missed_until_it_is() {
    let disk = Disk::unmounted();
    let settings = format!("{SETTINGS}[record]\nmount = '{}'\n", disk.path().display());
    let scene = Scene::new(&disk, &settings).await;
    let failed = scene.is("failed").await;
    assert!(why(&failed).contains("is it plugged in"), "{failed}");
    assert!(!scene.recordings.path().exists(), "nothing goes to the disk below");
    scene.room_notices_nothing().await;
    disk.mount_in_memory(64);
    scene.is("recording").await;
    scene.camera.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    plays(scene).await;
}

/// All that is there is what its manifest says, and is chained.
async fn plays(scene: Scene) {
    scene.camera.leave(&scene.gateway).await;
    let segments = scene.recordings.settled(1).await;
    for segment in &segments {
        segment.is_what_its_manifest_says();
    }
    scene.recordings.are_chained();
    let last = segments.last().unwrap();
    assert!(last.track(MediaKind::Video).unwrap().frames >= 30, "{last:?}");
}
