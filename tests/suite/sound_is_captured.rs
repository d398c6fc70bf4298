//! A microphone and what is played, on a real PulseAudio server.

use std::{
    sync::{
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    time::{Duration, Instant},
};

use peergate::{
    codec::Codec,
    media::{
        clockwork::Clockwork,
        elements,
        feed::{Contents, Feed},
    },
    source::{AudioKind, Capture, SoundServer, Trust},
};

use crate::common::{
    decode::Samples,
    held_up::hold_up,
    pulse::{Home, Pulse},
    studio::{Taker, audio, failure, lease, studio},
};

fn microphone(device: &str) -> AudioKind {
    AudioKind::Microphone { device: Some(device.to_owned()) }
}

fn monitor(device: Option<&str>) -> AudioKind {
    AudioKind::Monitor { device: device.map(ToOwned::to_owned) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sink_plays_is_heard_by_each_of_its_names() {
    let home = Home::new();
    let server = Pulse::start(&home);
    let _tone = server.play(1000);
    let studio = studio(vec![
        audio("default", monitor(None)),
        audio("name", monitor(Some("room"))),
        audio("description", monitor(Some("Room"))),
        audio("source", microphone("room.monitor")),
        audio("microphone", AudioKind::Microphone { device: None }),
    ]);
    for source in ["default", "name", "description", "source", "microphone"] {
        let lease = lease(&studio, source, Codec::Opus).await;
        let samples = Samples::of(&lease.feed).await;
        let mut strength = 0.0;
        // The player needs a moment to begin.
        for _ in 0..10 {
            let sound = samples.next(Duration::from_secs(1)).await;
            strength = sound.strength(1000.0);
            if strength > 0.4 {
                break;
            }
        }
        assert!((0.4..0.6).contains(&strength), "{source}: 1 kHz at half of full scale, got {strength}");
    }
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_missing_when_we_are_held_up_for_half_a_second() {
    elements::start().unwrap();
    let home = Home::new();
    let _server = Pulse::start(&home);
    let (feed, clockwork) = (Feed::new("captured", Contents::Raw), Clockwork::start());
    let capture = Capture::start(&audio("room", monitor(None)), &feed, &clockwork, &Trust::default(), &SoundServer::default()).await.unwrap();
    let blocks = AtomicU32::new(0);
    let (came, times) = mpsc::channel();
    let clock = clockwork.clone();
    let taker = Taker::new(&feed, move || {
        let _ = came.send(clock.running_time());
        if blocks.fetch_add(1, Relaxed) == 40 {
            std::thread::park_timeout(Duration::from_millis(500));
        }
    });
    let (mut ends, mut offs) = (None, Vec::new());
    for number in 0..100 {
        let block = taker.next().await.buffer;
        assert!(ends.is_none() || block.pts() == ends, "block {number} is the next one");
        ends = block.pts().zip(block.duration()).map(|(begins, length)| begins + length);
        let (came, ends) = (times.recv().unwrap(), ends.unwrap());
        offs.push(came.saturating_sub(ends).max(ends.saturating_sub(came)));
    }
    // A server that begins gives some of it sooner, and some later: what is said of it settles within seconds.
    let off = offs[50..].iter().min().unwrap();
    assert!(*off < gst::ClockTime::from_mseconds(200), "it has caught up: {offs:?}");
    capture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_silence_when_the_reader_is_held_up_for_longer_than_a_picture_may_be_late() {
    let home = Home::new();
    let server = Pulse::start(&home);
    let _tone = server.play(1000);
    let studio = studio(vec![audio("sound", monitor(None))]);
    let lease = lease(&studio, "sound", Codec::Opus).await;
    let samples = Samples::of(&lease.feed).await;
    while samples.next(Duration::from_secs(1)).await.strength(1000.0) < 0.4 {}
    hold_up("sound:src", Duration::from_millis(1500));
    let held_up = Instant::now();
    let mut least = f64::INFINITY;
    while held_up.elapsed() < Duration::from_secs(4) {
        least = samples.next(Duration::from_millis(300)).await.strength(1000.0).min(least);
    }
    assert!(least > 0.1, "silence in the place of sound that was kept: {least}");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_microphone_is_named_with_those_that_there_are() {
    let home = Home::new();
    let _server = Pulse::start(&home);
    let studio = studio(vec![audio("sound", monitor(Some("hall")))]);
    let _lease = lease(&studio, "sound", Codec::Opus).await;
    assert_eq!(failure(&studio).await, "sound output \"hall\" is not there; there are: room (Room)");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_comes_late_goes_away_and_comes_back_ends_nothing() {
    let home = Home::new();
    let studio = studio(vec![audio("sound", monitor(None))]);
    let lease = lease(&studio, "sound", Codec::Opus).await;
    let samples = Samples::of(&lease.feed).await;
    let why = failure(&studio).await;
    assert!(why.starts_with("the sound server can't be reached"), "{why}");
    assert!(why.contains("XDG_RUNTIME_DIR="), "says where it is looked for: {why}");

    let server = Pulse::start(&home);
    samples.next(Duration::from_secs(1)).await;
    drop(server);
    let why = failure(&studio).await;
    assert!(why.starts_with("the sound server can't be reached"), "{why}");

    let _server = Pulse::start(&home);
    samples.next(Duration::from_secs(1)).await;
    studio.stop().await;
}
