//! A device is tried while nobody takes anything yet: the first viewer has it from the first frame on, and who comes in
//! the middle of a trial does not wait for it.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use peergate::{
    codec::Codec,
    encoder::{Catalogue, CodecChoice, Settings},
    report::{Condition, EncoderState},
    source::VideoKind,
    studio::{Lease, Studio},
};

use crate::common::{
    stand_in::{self, Behaviour},
    studio::{Taker, lease, settings, studio_with, video},
    wait::wait_until,
};

/// Longer than anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What the device is told when it is tried with pictures of 320x240, and of the rung below, in kbit/s.
const FULL: u32 = 166;
const RUNG: u32 = 100;

/// Of two rungs in H.264 alone, with software behind the devices. What has failed is not tried again while a test runs,
/// and what was shown is kept for this test alone.
fn h264() -> Settings {
    let codecs = CodecChoice::Only(vec![Codec::H264]);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("encoders-{}", std::process::id()));
    let _ = fs::remove_dir_all(&cache);
    Settings { codecs, retry_after: Duration::from_secs(600), cache: Some(cache), ..settings() }
}

fn start(elements: &[(&'static str, Behaviour)], settings: Settings) -> Studio {
    stand_in::register(elements);
    studio_with(vec![video("picture", VideoKind::Test { pattern: "smpte".to_owned() })], settings)
}

/// A catalogue in which each of these, which encode H.264, is a device.
fn devices(elements: &[&str]) -> Catalogue {
    let row = |element: &&str| {
        format!(
            "[[encoder]]\ncodec = \"h264\"\nelement = \"{element}\"\ntemplate = \"{element}\"\npackage = \"none\"\n\
             bitrate = {{ property = \"bitrate\", unit = \"kbit/s\" }}\n\
             hardware = {{ devices = [\"/dev/null\"], group = \"video\" }}\n"
        )
    };
    let rows: String = elements.iter().map(row).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/encode");
    Catalogue::with_own(&rows, |name| fs::read_to_string(folder.join(format!("{name}.launch")))).unwrap()
}

/// Waits until the state says so of all encoders for `codec`.
async fn all(studio: &Studio, codec: Codec, what: &str, is_so: impl Fn(&EncoderState) -> bool) {
    let mut state = studio.state();
    let so = state.wait_for(|state| state.encoders.iter().filter(|one| one.codec == codec).all(&is_so));
    let so = tokio::time::timeout(LIMIT, so).await.is_ok_and(|state| state.is_ok());
    assert!(so, "not within {LIMIT:?}: {what}; {:#?}", studio.state().borrow().encoders);
}

async fn all_would_begin_with(studio: &Studio, element: &str) {
    all(studio, Codec::H264, &format!("{element} will begin"), |one| one.element == element).await;
}

/// How many frames have been captured and encoded.
fn frames(studio: &Studio) -> u64 {
    let state = studio.state();
    let state = state.borrow();
    let idle = |condition: &Condition| assert_eq!(*condition, Condition::Idle);
    state.sources.iter().for_each(|source| idle(&source.condition));
    state.encoders.iter().for_each(|encoder| idle(&encoder.condition));
    state.sources.iter().map(|source| source.frames).chain(state.encoders.iter().map(|one| one.frames)).sum()
}

/// The first frame comes of `element`, which has taken over from nobody.
async fn first_viewer_gets(studio: &Studio, element: &'static str) {
    let told = stand_in::told(element).len();
    let lease = lease(studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    let state = studio.state();
    let full = state.borrow().encoders[0].clone();
    assert_eq!((full.element.as_str(), full.replaced), (element, None));
    assert_eq!(stand_in::told(element).len(), told + 1, "it was started, and not tried again");
    for _ in 0..30 {
        taker.next().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_tried_before_anybody_comes() {
    let studio = start(&[("vah264enc", Behaviour::Works)], h264());
    assert_eq!(studio.state().borrow().encoders[0].element, "x264enc", "nothing is known yet");
    all_would_begin_with(&studio, "vah264enc").await;
    let told = stand_in::told("vah264enc");
    assert!(told.contains(&FULL) && told.contains(&RUNG), "each rung is tried: {told:?}");
    assert_eq!(frames(&studio), 0, "nothing is captured or encoded for that");
    first_viewer_gets(&studio, "vah264enc").await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_its_trial_at_start_is_not_used_and_the_next_is_tried() {
    let devices = [
        ("vah264enc", Behaviour::IgnoresKeyframesAfter(0)),
        ("vah264lpenc", Behaviour::HasNoDevice),
        ("mpph264enc", Behaviour::Works),
        ("v4l2h264enc", Behaviour::Works),
    ];
    let studio = start(&devices, h264());
    all_would_begin_with(&studio, "mpph264enc").await;
    assert!(!stand_in::told("vah264enc").is_empty(), "the first was tried, too");
    assert!(stand_in::told("v4l2h264enc").is_empty(), "behind one that works none is tried");
    first_viewer_gets(&studio, "mpph264enc").await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_device_works_software_begins_as_ever() {
    let studio = start(&[("vah264enc", Behaviour::IgnoresKeyframesAfter(0))], Settings { rungs: 1, ..h264() });
    wait_until("its trial has told it a quarter", LIMIT, || stand_in::told("vah264enc").len() >= 2).await;
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    let encoder = studio.state().borrow().encoders[0].clone();
    assert_eq!((encoder.element.as_str(), encoder.replaced), ("x264enc", None));
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_tries_only_what_is_new() {
    let cache = tempfile::tempdir().unwrap();
    let kept = || Settings { cache: Some(cache.path().to_owned()), ..h264() };
    let studio = start(&[("vah264enc", Behaviour::IgnoresKeyframesAfter(0)), ("vah264lpenc", Behaviour::Works)], kept());
    all_would_begin_with(&studio, "vah264lpenc").await;
    studio.stop().await;
    let told = || stand_in::told("vah264enc").len() + stand_in::told("vah264lpenc").len();
    let before = told();
    // When VP8's device has been tried, the devices for H.264, whose turn was before it, have not been.
    let codecs = CodecChoice::Only(vec![Codec::H264, Codec::Vp8]);
    let studio = start(&[("mppvp8enc", Behaviour::Works)], Settings { codecs, ..kept() });
    assert_eq!(studio.state().borrow().encoders[0].element, "vah264lpenc", "it is known from the start");
    all(&studio, Codec::Vp8, "mppvp8enc will begin", |one| one.element == "mppvp8enc").await;
    assert_eq!(told(), before);
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encodes_of_the_same_pictures_share_a_trial() {
    stand_in::register(&[("vah264enc", Behaviour::Works)]);
    let source = |name| video(name, VideoKind::Test { pattern: "smpte".to_owned() });
    let specs = vec![source("picture"), source("other")];
    let studio = studio_with(specs, Settings { rungs: 1, ..h264() });
    all_would_begin_with(&studio, "vah264enc").await;
    assert_eq!(stand_in::told("vah264enc").iter().filter(|told| **told == FULL).count(), 1);
    studio.stop().await;
}

/// How long it takes from the lease to the first frame, and what took it.
async fn first_picture(studio: &Studio) -> (Duration, Lease, Taker) {
    let begun = Instant::now();
    let lease = lease(studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    let time = begun.elapsed();
    let encoder = studio.state().borrow().encoders[0].clone();
    assert_eq!((encoder.element.as_str(), encoder.replaced), ("x264enc", None));
    (time, lease, taker)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_during_a_trial_gets_a_picture_at_once_and_no_other_trial_begins() {
    let studio = start(&[], h264());
    let (without, ..) = first_picture(&studio).await;
    studio.stop().await;
    let cache = tempfile::tempdir().unwrap();
    let under_way = || kept(cache.path()).contains("begun");
    // Each trial takes as long as one may, 6 s.
    let device = [("vah264enc", Behaviour::Takes(Duration::from_secs(60)))];
    let studio = start(&device, Settings { cache: Some(cache.path().to_owned()), ..h264() });
    wait_until("the first trial has begun", LIMIT, || !stand_in::told("vah264enc").is_empty()).await;
    let (first, lease, taker) = first_picture(&studio).await;
    assert!(under_way(), "it goes on beside the first picture");
    println!("the first picture: {first:?} beside a trial, {without:?} without");
    assert!(first < without + Duration::from_millis(300), "{first:?} beside a trial, {without:?} without");
    while under_way() {
        taker.next().await;
    }
    // For longer than another would take to begin.
    let ended = Instant::now();
    while ended.elapsed() < Duration::from_secs(3) {
        taker.next().await;
    }
    assert_eq!(stand_in::told("vah264enc"), [FULL], "tried once, and with the pictures of one rung only");
    drop((taker, lease));
    wait_until("the rung's trial has begun", LIMIT, || stand_in::told("vah264enc").contains(&RUNG)).await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_a_device_encodes_who_comes_during_its_trial_needs_no_other() {
    let settings = Settings { catalogue: devices(&["vah264enc", "x264enc", "openh264enc"]), rungs: 1, ..h264() };
    let studio = start(&[("vah264enc", Behaviour::Works)], settings);
    wait_until("its trial has begun", LIMIT, || !stand_in::told("vah264enc").is_empty()).await;
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    assert!(taker.next().await.keyframe);
    assert_eq!(stand_in::told("vah264enc").iter().filter(|told| **told == FULL).count(), 1);
    studio.stop().await;
}

/// What the file of a cache says.
fn kept(cache: &Path) -> String {
    fs::read_to_string(cache.join("encoders.json")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_given_up_with_the_studio_and_leaves_nothing_behind() {
    let cache = tempfile::tempdir().unwrap();
    let settings = Settings { cache: Some(cache.path().to_owned()), ..h264() };
    let studio = start(&[("vah264enc", Behaviour::Takes(Duration::from_secs(60)))], settings);
    wait_until("its trial has begun", LIMIT, || kept(cache.path()).contains("begun")).await;
    wait_until("the device has its pictures", LIMIT, || stand_in::was_live("vah264enc").is_some()).await;
    let asked = Instant::now();
    studio.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(kept(cache.path()), "{}", "it counts as never begun");
}
