//! What happened at one moment is at one moment in the file: the sender's clock decides (RTCP's sender reports), not when
//! packets arrive. The sender is another gateway, whose test tone ticks when its test picture begins another second. What an
//! hour makes of clocks that are off is tried without the hour (`timeline::tests`).

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::GapKind,
};
use serde_json::Value;

use crate::common::{
    daemon::{Daemon, GATEWAY, receiving, sending},
    flash_and_beep::RATE,
    recordings::Recordings,
};

/// How far apart picture and sound may be, in s.
const LIMIT: f64 = 0.04;

/// When the first reports of both tracks have come, in s. Until then it is not known how they belong together.
const SETTLED: f64 = 2.0;

#[tokio::test(flavor = "multi_thread")]
async fn of_vp8_and_opus() {
    of(Codec::Vp8, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_h264_and_opus() {
    of(Codec::H264, None).await;
}

/// A machine that is busy, or a virtual one that is moved: what came meanwhile waits in the socket.
#[tokio::test(flavor = "multi_thread")]
async fn across_a_stall_of_the_gateway() {
    of(Codec::Vp8, Some(45)).await;
}

/// A peer sends for some seconds; what was recorded of it is looked at. In the midst the gateway stands still while so many
/// pictures are sent.
async fn of(codec: Codec, stall: Option<u64>) {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), "").await;
    let (room, name) = (gateway.ws("/signal"), codec.to_string());
    let sends = ["--id", "camera", "--stun", "none", "--size", "320x180", "--bitrate", "500k", "--codec", &name];
    let camera = Daemon::run(&[&["--room", &room], sends.as_slice()].concat()).await;
    let has_come = async |frames| {
        gateway.peer("camera", |peer| receiving(peer, &name).and_then(|one| one["frames"].as_u64()) >= Some(frames)).await
    };
    if let Some(pictures) = stall {
        has_come(150).await;
        let sent = |peer: &Value| sending(peer, &name).and_then(|one| one["frames"].as_u64()).unwrap_or_default();
        gateway.signal("STOP");
        let before = sent(&camera.peer(GATEWAY, |_| true).await);
        camera.peer(GATEWAY, |peer| sent(peer) >= before + pictures).await;
        gateway.signal("CONT");
    }
    has_come(270).await;
    camera.signal("TERM");
    let segments = recordings.settled(1).await;
    let segment = segments.last().unwrap();
    segment.is_what_its_manifest_says();
    assert_eq!(segment.track(MediaKind::Video).unwrap().codec, codec);
    // Lost sound is not asked for again.
    let lost: Vec<_> = segment.gaps(MediaKind::Audio).into_iter().filter(|gap| gap.kind == GapKind::Lost).collect();
    assert!(lost.is_empty(), "the socket holds what comes meanwhile: {lost:?}");
    let (numbers, ticks) = (segment.numbers(), segment.beeps());
    // By the first picture of each: a busy sender leaves some out.
    let first = numbers.chunk_by(|one, next| one.1 / RATE == next.1 / RATE).map(|second| second[0]);
    let seconds: Vec<_> = first.map(|(time, number)| time - f64::from(number % RATE) / f64::from(RATE)).collect();
    assert!(seconds.len() >= 8, "one each second: {numbers:?}");
    for pair in seconds.windows(2).filter(|pair| pair[0] > SETTLED) {
        assert!((pair[1] - pair[0] - 1.0).abs() < LIMIT, "a second long: {seconds:?}");
    }
    for second in seconds.iter().filter(|second| **second > SETTLED && **second < seconds[seconds.len() - 1]) {
        let nearest = ticks.iter().map(|tick| (tick - second).abs()).fold(f64::MAX, f64::min);
        assert!(nearest < LIMIT, "{nearest} s between picture and tick; seconds {seconds:?}, ticks {ticks:?}");
    }
}
