//! An encoder that fails is replaced behind its feed: a taker sees the next keyframe within 1 s, the state says who
//! encodes and why, and a better one comes back when it works again.

use std::time::{Duration, Instant};

use peergate::{
    codec::Codec,
    encoder::{ElementChoice, Settings, Trials},
    media::clockwork::Clockwork,
    report::EncoderState,
    source::VideoKind,
    studio::{Lease, Studio},
    units::Bitrate,
};

use crate::common::{
    stand_in::{self, Behaviour},
    studio::{Taker, lease, settings, studio_with, video},
    wait::wait_until,
};

/// Longer than anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What a viewer may miss at most.
const GAP: Duration = Duration::from_secs(1);

/// A studio whose device is trusted from the start: it was asked for by its name.
fn with_device(element: &'static str, behaviour: Behaviour) -> Studio {
    start(&[(element, behaviour)], Settings { element: ElementChoice::Named(element.to_owned()), ..patient() })
}

/// One that does not try what has failed again while a test runs.
fn patient() -> Settings {
    Settings { retry_after: Duration::from_secs(600), ..settings() }
}

fn start(elements: &[(&'static str, Behaviour)], settings: Settings) -> Studio {
    stand_in::register(elements);
    studio_with(vec![video("picture", VideoKind::Test { pattern: "smpte".to_owned() })], settings)
}

async fn encoder(studio: &Studio, what: &str, is_so: impl Fn(&EncoderState) -> bool) -> EncoderState {
    let mut state = studio.state();
    let of_h264 = |encoder: &&EncoderState| encoder.codec == Codec::H264 && encoder.rung == 0;
    let waited = tokio::time::timeout(LIMIT, state.wait_for(|state| state.encoders.iter().find(of_h264).is_some_and(&is_so)));
    match waited.await {
        Ok(state) => state.unwrap().encoders.iter().find(of_h264).cloned().unwrap(),
        Err(_) => panic!("not within {LIMIT:?}: {what}; {:#?}", studio.state().borrow().encoders),
    }
}

async fn encodes(studio: &Studio, element: &str) -> EncoderState {
    encoder(studio, &format!("{element} encodes"), |encoder| encoder.element == element && encoder.frames > 0).await
}

/// Takes frames until `done`, and tells the longest time without one, and how many keyframes there were.
async fn watch(taker: &Taker, done: impl Fn() -> bool) -> (Duration, usize) {
    let (mut last, mut longest, mut keyframes) = (Instant::now(), Duration::ZERO, 0);
    while !done() || keyframes == 0 {
        keyframes += usize::from(taker.next().await.keyframe);
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
    (longest, keyframes)
}

/// A taker goes on within a second, with a keyframe, when `element` does this.
async fn is_replaced(behaviour: Behaviour, why: &str) {
    let studio = with_device("vah264enc", Behaviour::Works);
    let lease: Lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    for _ in 0..30 {
        taker.next().await;
    }
    encodes(&studio, "vah264enc").await;
    stand_in::behave("vah264enc", behaviour);
    let state = studio.state();
    let by_x264 = || state.borrow().encoders.iter().any(|encoder| encoder.element == "x264enc" && encoder.replaced.is_some());
    let (gap, keyframes) = watch(&taker, by_x264).await;
    assert!(gap < GAP, "{gap:?} without a frame");
    assert_eq!(keyframes, 1, "the next encoder's first");
    let replaced = encodes(&studio, "x264enc").await.replaced.unwrap();
    assert_eq!(replaced.element, "vah264enc");
    assert!(replaced.why.contains(why), "{}", replaced.why);
    // And goes on.
    for _ in 0..30 {
        taker.next().await;
    }
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_gives_up() {
    is_replaced(Behaviour::FailsAfter(0), "the device is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_stalls() {
    is_replaced(Behaviour::StallsAfter(0), "none came out for").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_its_driver_hangs() {
    is_replaced(Behaviour::Takes(Duration::from_secs(5)), "none came out for").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_ignores_requests_for_keyframes() {
    let studio = with_device("mpph264enc", Behaviour::Works);
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    for _ in 0..30 {
        taker.next().await;
    }
    encodes(&studio, "mpph264enc").await;
    stand_in::behave("mpph264enc", Behaviour::IgnoresKeyframesAfter(0));
    // One that comes now needs a keyframe, and nobody else notices.
    let begun = Instant::now();
    let late = Taker::new(&lease.feed, || {});
    assert!(late.next().await.keyframe);
    assert!(begun.elapsed() < GAP, "{:?}", begun.elapsed());
    let replaced = encodes(&studio, "x264enc").await.replaced.unwrap();
    assert!(replaced.why.contains("a keyframe was asked for"), "{}", replaced.why);
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_does_not_start() {
    let studio = with_device("nvh264enc", Behaviour::HasNoDevice);
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    let replaced = encodes(&studio, "x264enc").await.replaced.unwrap();
    assert!(replaced.why.contains("there is no device"), "{}", replaced.why);
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_comes_back_when_it_works_again() {
    let settings = Settings { retry_after: Duration::from_millis(500), ..settings() };
    let studio = start(
        &[("vah264enc", Behaviour::Works)],
        Settings { element: ElementChoice::Named("vah264enc".to_owned()), ..settings },
    );
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    encodes(&studio, "vah264enc").await;
    stand_in::behave("vah264enc", Behaviour::FailsAfter(0));
    encodes(&studio, "x264enc").await;
    stand_in::behave("vah264enc", Behaviour::Works);
    let state = studio.state();
    let back = || state.borrow().encoders.iter().any(|encoder| encoder.element == "vah264enc");
    let (gap, _) = watch(&taker, back).await;
    assert!(gap < GAP, "{gap:?} without a frame");
    let replaced = encodes(&studio, "vah264enc").await.replaced.unwrap();
    assert_eq!((replaced.element.as_str(), replaced.why.as_str()), ("x264enc", "vah264enc is preferred, and works"));
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_takes_over_from_software_once_a_trial_has_shown_that_it_works() {
    let studio = start(&[("vah264enc", Behaviour::Works)], settings());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe, "the first picture waits for no trial");
    assert_eq!(encodes(&studio, "x264enc").await.replaced, None);
    let state = studio.state();
    let by_device = || state.borrow().encoders.iter().any(|encoder| encoder.element == "vah264enc");
    let (gap, _) = watch(&taker, by_device).await;
    assert!(gap < GAP, "{gap:?} without a frame");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_fails_its_trial_is_never_used() {
    let studio = start(&[("vah264enc", Behaviour::IgnoresKeyframesAfter(0))], patient());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    // For longer than the trial takes, which begins after 2 s.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        taker.next().await;
    }
    assert!(!stand_in::told("vah264enc").is_empty(), "it was tried");
    assert_eq!(encodes(&studio, "x264enc").await.replaced, None);
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_device_is_tried_when_the_first_has_failed_its_trial() {
    let devices = [("vah264enc", Behaviour::IgnoresKeyframesAfter(0)), ("vah264lpenc", Behaviour::Works)];
    let studio = start(&devices, patient());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    let state = studio.state();
    let by_device = || state.borrow().encoders.iter().any(|encoder| encoder.element == "vah264lpenc");
    let (gap, _) = watch(&taker, by_device).await;
    assert!(gap < GAP, "{gap:?} without a frame");
    assert!(!stand_in::told("vah264enc").is_empty(), "the first was tried, too");
    studio.stop().await;
}

/// A studio that knows from an earlier process that these devices work, and the cache that says so.
async fn with_known(devices: &[&'static str], settings: Settings) -> (Studio, tempfile::TempDir) {
    let working: Vec<_> = devices.iter().map(|device| (*device, Behaviour::Works)).collect();
    stand_in::register(&working);
    let cache = tempfile::tempdir().unwrap();
    let settings = Settings { cache: Some(cache.path().to_owned()), ..settings };
    let source = video("picture", VideoKind::Test { pattern: "smpte".to_owned() });
    let picture = settings.target(&source).picture;
    for device in settings.catalogue.iter().filter(|encoder| devices.contains(&encoder.row.element.as_str())) {
        let trials = Trials::new(settings.cache.clone(), Clockwork::start());
        assert!(trials.run(device, picture).await.works());
    }
    (studio_with(vec![source], settings), cache)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_next_device_hangs_too() {
    let (studio, _cache) = with_known(&["vah264enc", "vah264lpenc"], patient()).await;
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    encodes(&studio, "vah264enc").await;
    // As when the graphics card does: it has two names.
    stand_in::behave("vah264lpenc", Behaviour::StallsAfter(0));
    stand_in::behave("vah264enc", Behaviour::StallsAfter(0));
    let state = studio.state();
    let by_x264 = || state.borrow().encoders.iter().any(|encoder| encoder.element == "x264enc");
    let (gap, _) = watch(&taker, by_x264).await;
    assert!(gap < GAP, "{gap:?} without a frame");
    // Nor does it disturb when that one is tried.
    let (begun, mut last) = (Instant::now(), Instant::now());
    while begun.elapsed() < Duration::from_secs(4) {
        taker.next().await;
        assert!(last.elapsed() < GAP, "{:?} without a frame", last.elapsed());
        last = Instant::now();
    }
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_passed_its_trial_is_used_from_the_first_frame_on() {
    let (studio, _cache) = with_known(&["vah264enc"], patient()).await;
    let told = stand_in::told("vah264enc").len();
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    assert_eq!(encodes(&studio, "vah264enc").await.replaced, None);
    assert_eq!(stand_in::told("vah264enc").len(), told + 1, "it was started, and not tried again");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_as_it_starts_does_not_hold_up_the_one_at_work() {
    let settings = Settings { retry_after: Duration::from_millis(500), ..settings() };
    let (studio, _cache) = with_known(&["vah264enc", "vah264lpenc"], settings).await;
    let of_a_trial = stand_in::starts("vah264enc");
    stand_in::behave("vah264enc", Behaviour::HasNoDevice);
    let lease = lease(&studio, "picture", Codec::H264).await;
    let _taker = Taker::new(&lease.feed, || {});
    encodes(&studio, "vah264lpenc").await;
    // It passes the trial that is due, and hangs when it is to take over.
    let hangs = stand_in::starts("vah264enc") + of_a_trial + 1;
    stand_in::behave("vah264enc", Behaviour::HangsFromStart(hangs));
    wait_until("it hangs", LIMIT, || stand_in::starts("vah264enc") == hangs).await;
    let told = stand_in::told("vah264lpenc").len();
    lease.bears(Some(Bitrate::from_bits(400_000)));
    let soon = Duration::from_secs(2);
    wait_until("the one at work is told its bitrate", soon, || stand_in::told("vah264lpenc").len() > told).await;
    studio.stop().await;
}
