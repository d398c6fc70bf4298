//! What we send is recorded, too: each picture of the test source, and its sound; whether anybody is in the room or not.

use std::time::Duration;

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::{Direction, State},
};

use crate::common::{
    camera::Camera,
    daemon::{Daemon, GATEWAY},
    flash_and_beep::FlashAndBeep,
    recorded::Recorded,
    recordings::Recordings,
};

/// How long a daemon may take to end what it records.
const LIMIT: Duration = Duration::from_secs(10);

/// Bytes of some seconds of our own.
const ENOUGH: u64 = 150_000;

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_in_the_room() {
    let recordings = Recordings::new();
    let mut gateway = Daemon::recording("local", recordings.dir(), "").await;
    recorded(&gateway, 1).await;
    gateway.signal("TERM");
    assert!(gateway.ended(LIMIT).await.success());
    let segments = recordings.segments();
    let [own] = segments.as_slice() else { panic!("one file: {segments:#?}") };
    is_of_ourselves(own);
    let folder = own.path.parent().unwrap().strip_prefix(recordings.path()).unwrap();
    assert_eq!(folder.to_str(), Some("gateway/local~"));
    recordings.are_chained();
}

#[tokio::test(flavor = "multi_thread")]
async fn and_of_a_peer() {
    let recordings = Recordings::new();
    let mut gateway = Daemon::recording("all", recordings.dir(), "").await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, 90).await;
    recorded(&gateway, 2).await;
    gateway.signal("TERM");
    assert!(gateway.ended(LIMIT).await.success());
    let segments = recordings.segments();
    let [peers, own] = segments.as_slice() else { panic!("two files: {segments:#?}") };
    is_of_ourselves(own);
    assert_eq!((peers.manifest.direction, &peers.manifest.state), (Direction::Remote, &State::Finished));
    peers.is_what_its_manifest_says();
    assert!(peers.numbers().len() >= 90);
    recordings.are_chained();
}

/// Waits until so many recordings run, and enough of our own is written.
async fn recorded(gateway: &Daemon, count: usize) {
    let is_so = |state: &serde_json::Value| {
        let running = state["recordings"].as_array().unwrap();
        let own = running.iter().find(|one| one["peer"].is_null());
        running.len() == count && own.and_then(|own| own["bytes"].as_u64()).is_some_and(|bytes| bytes > ENOUGH)
    };
    gateway.wait_for_state(Duration::from_secs(20), is_so).await;
}

fn is_of_ourselves(own: &Recorded) {
    let manifest = &own.manifest;
    assert_eq!((manifest.direction, &manifest.peer), (Direction::Local, &None));
    assert_eq!((manifest.member.as_str(), &manifest.state), (GATEWAY, &State::Finished));
    own.is_what_its_manifest_says();
    let numbers = own.numbers();
    assert!(numbers.len() > 60, "{numbers:?}");
    // A busy machine leaves pictures out, and gives those that follow their own numbers; none comes twice.
    assert!(numbers.windows(2).all(|pair| pair[1].1 > pair[0].1), "{numbers:?}");
    for pair in numbers.windows(2) {
        let passed = f64::from(pair[1].1 - pair[0].1) / 30.0;
        assert!((pair[1].0 - pair[0].0 - passed).abs() < 0.004, "as far apart as they were made: {pair:?}");
    }
    let beeps = own.beeps();
    assert!(beeps.len() >= 2, "a tick each second: {beeps:?}");
}
