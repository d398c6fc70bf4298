//! A source that fails is started again. Meanwhile its takers are shown a slate that says so, and hear silence, and notice
//! nothing else.

use std::time::{Duration, Instant};

use peergate::{
    codec::Codec,
    media::{
        clockwork::Clockwork,
        elements,
        feed::{Contents, Feed},
    },
    report::Condition,
    source::{AudioKind, Capture, SoundServer, Spec, Trust, VideoKind},
    studio::Studio,
};

use crate::common::{
    decode::{Pictures, Samples},
    held::Held,
    pulse::{Home, Pulse},
    studio::{Taker, audio, failure, lease, studio, video},
    wait::wait_until,
    xvfb::Xvfb,
};

/// Within which a slate is to be there, and within which the picture once the source is.
const GONE_LIMIT: Duration = Duration::from_secs(1);
const BACK_LIMIT: Duration = Duration::from_secs(2);
/// The same for sound: a sink of PulseAudio's that has just begun takes up to 2 s until it gives any. Attempts are up to 10 s apart
/// by then.
const SOUND_BACK_LIMIT: Duration = Duration::from_secs(5);
/// Within which what is captured begins, on a busy machine.
const BEGIN_LIMIT: Duration = Duration::from_secs(10);

fn screen(display: &str) -> VideoKind {
    VideoKind::Screen { display: Some(display.to_owned()), region: None, pointer: false }
}

async fn runs_again(studio: &Studio) {
    let mut state = studio.state();
    let back = state.wait_for(|state| state.sources[0].condition == Condition::Running);
    assert!(tokio::time::timeout(Duration::from_secs(10), back).await.is_ok(), "it runs again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slate_is_shown_within_a_second_and_the_picture_again_within_two() {
    let server = Xvfb::start();
    let display = server.display.clone();
    let studio = studio(vec![video("screen", screen(&display))]);
    let lease = lease(&studio, "screen", Codec::H264).await;
    let pictures = Pictures::of(&lease.feed).await;
    let mut last = pictures.find(|picture| !picture.is_slate()).await;
    drop(server);
    let slate = loop {
        let picture = pictures.next().await;
        if picture.is_slate() {
            break picture;
        }
        last = picture;
    };
    assert!(slate.time - last.time < GONE_LIMIT, "it came {:?} later", slate.time - last.time);
    let mut before = slate.time;
    for _ in 0..60 {
        let picture = pictures.next().await;
        assert!(picture.is_slate() && picture.time > before, "it stays, and time goes on");
        before = picture.time;
    }
    assert!(before - slate.time < Duration::from_secs(3), "30 pictures a second");
    let _server = Xvfb::start_on(&display);
    let back = Instant::now();
    pictures.find(|picture| !picture.is_slate()).await;
    assert!(back.elapsed() < BACK_LIMIT, "the picture took {:?}", back.elapsed());
    runs_again(&studio).await;
    studio.stop().await;
}

/// Starts to capture, and waits for the first picture or sound. Without its feed it would end.
async fn capture(spec: &Spec) -> (Capture, Feed) {
    let (feed, clockwork) = (Feed::new("captured", Contents::Raw), Clockwork::start());
    let capture = Capture::start(spec, &feed, &clockwork, &Trust::default(), &SoundServer::default()).await.unwrap();
    wait_until("it begins", BEGIN_LIMIT, || feed.counts().frames > 0).await;
    (capture, feed)
}

/// What this process holds once it holds no more than `before`, or after a while.
async fn holds_again(before: Held) -> Held {
    before.again(std::process::id(), u64::MAX, Duration::from_secs(10)).await
}

async fn nothing_is_left_beside(before: Held) {
    let after = holds_again(before).await;
    assert!(after.threads <= before.threads && after.descriptors <= before.descriptors, "{before:?}, then {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_x_server_that_dies_twenty_times_leaves_no_thread_and_no_descriptor() {
    elements::start().unwrap();
    let display = Xvfb::free_display();
    let mut first = None;
    for _ in 0..=20 {
        let server = Xvfb::start_on(&display);
        let (mut capture, _feed) = capture(&video("screen", screen(&display))).await;
        drop(server);
        let why = tokio::time::timeout(GONE_LIMIT, capture.failure()).await.expect("it is noticed").to_string();
        assert!(why.starts_with(&format!("X display {display} can't be reached")), "{why}");
        capture.stop().await;
        first.get_or_insert_with(|| Held::by(std::process::id()));
    }
    nothing_is_left_beside(first.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_x_server_that_does_not_answer_holds_nothing_up() {
    elements::start().unwrap();
    let server = Xvfb::start();
    let spec = video("screen", screen(&server.display));
    capture(&spec).await.0.stop().await;
    let before = Held::by(std::process::id());
    let (capturing, _feed) = capture(&spec).await;
    server.signal("STOP");
    capturing.stop().await;
    let refused = Capture::dry_build(&spec, &Clockwork::start()).await.unwrap_err().to_string();
    let after = holds_again(before).await;
    server.signal("CONT");
    assert!(refused.contains("it has not answered for 2 s"), "{refused}");
    assert!(after.threads <= before.threads && after.descriptors <= before.descriptors, "{before:?}, then {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_dies_five_times_leaves_no_thread_and_no_descriptor() {
    elements::start().unwrap();
    let home = Home::new();
    // One is found by its description among those that there are, the other without a look at them.
    let named = audio("named", AudioKind::Monitor { device: Some("Room".to_owned()) });
    let any = audio("any", AudioKind::Monitor { device: None });
    let mut first = None;
    for _ in 0..=5 {
        let server = Pulse::start(&home);
        let (mut one, _feed) = capture(&named).await;
        let (mut other, _feed) = capture(&any).await;
        drop(server);
        for capture in [&mut one, &mut other] {
            let why = tokio::time::timeout(GONE_LIMIT, capture.failure()).await.expect("it is noticed").to_string();
            assert!(why.starts_with("the sound server can't be reached"), "{why}");
        }
        one.stop().await;
        other.stop().await;
        for spec in [&named, &any] {
            let feed = Feed::new("captured", Contents::Raw);
            let refused = Capture::start(spec, &feed, &Clockwork::start(), &Trust::default(), &SoundServer::default()).await;
            let why = refused.unwrap_err().to_string();
            assert!(why.contains("does not answer at ") && why.contains("/pulse/native: "), "{why}");
        }
        first.get_or_insert_with(|| Held::by(std::process::id()));
    }
    nothing_is_left_beside(first.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_device_that_is_not_there_leaves_no_thread_and_no_descriptor() {
    elements::start().unwrap();
    let home = Home::new();
    let _server = Pulse::start(&home);
    // Nobody looks for it by this name: it is what the server refuses.
    let absent = audio("absent", AudioKind::Microphone { device: Some("hall.monitor".to_owned()) });
    let mut first = None;
    for _ in 0..=5 {
        let feed = Feed::new("captured", Contents::Raw);
        let started = Capture::start(&absent, &feed, &Clockwork::start(), &Trust::default(), &SoundServer::default()).await;
        let why = match started {
            Err(why) => why,
            Ok(mut capture) => {
                let why = tokio::time::timeout(GONE_LIMIT, capture.failure()).await.expect("it is refused");
                capture.stop().await;
                why
            }
        };
        assert_eq!(why.to_string(), "sound device \"hall.monitor\" is not there; there are: room (Room)");
        first.get_or_insert_with(|| Held::by(std::process::id()));
    }
    nothing_is_left_beside(first.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn takers_stay_and_go_on_with_the_same_clock() {
    let server = Xvfb::start();
    let display = server.display.clone();
    let studio = studio(vec![video("screen", screen(&display))]);
    let lease = lease(&studio, "screen", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    let mut last = taker.next().await.buffer.pts().unwrap();
    let mut is_as_it_should_be = async |frames: usize| {
        for _ in 0..frames {
            let time = taker.next().await.buffer.pts().unwrap();
            assert!(time > last, "time goes on");
            assert!(time - last < gst::ClockTime::from_seconds(1), "a gap of {}", time - last);
            last = time;
        }
    };
    is_as_it_should_be(10).await;
    drop(server);
    is_as_it_should_be(45).await;
    failure(&studio).await;
    let _server = Xvfb::start_on(&display);
    is_as_it_should_be(90).await;
    assert!(taker.tap.is_linked(), "the taker never noticed");
    runs_again(&studio).await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_heard_in_place_of_a_sound_server_that_is_gone() {
    let home = Home::new();
    let server = Pulse::start(&home);
    let tone = server.play(1000);
    let studio = studio(vec![audio("sound", AudioKind::Monitor { device: None })]);
    let lease = lease(&studio, "sound", Codec::Opus).await;
    let samples = Samples::of(&lease.feed).await;
    let second = Duration::from_secs(1);
    while samples.next(second).await.strength(1000.0) < 0.4 {}
    drop((tone, server));
    while samples.next(second).await.strength(1000.0) > 0.01 {}
    // Encoded silence, and not nothing.
    let taker = Taker::new(&lease.feed, || {});
    for _ in 0..50 {
        assert!(taker.poll(GONE_LIMIT).await.is_some(), "packets come");
    }
    // It has been away for long enough to be tried rarely.
    tokio::time::timeout(BACK_LIMIT * 3, runs_again(&studio)).await.unwrap_err();
    let server = Pulse::start(&home);
    let back = Instant::now();
    let _tone = server.play(1000);
    runs_again(&studio).await;
    assert!(back.elapsed() < SOUND_BACK_LIMIT, "the sound took {:?}", back.elapsed());
    while samples.next(second).await.strength(1000.0) < 0.4 {}
    studio.stop().await;
}
