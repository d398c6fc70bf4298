//! A person opens the gateway's address, sees the test picture and hears the test tone: both are looked at as the
//! browser plays them.

use serde_json::{Value, json};

use crate::common::{
    browser::{Options, PATIENCE},
    front_door::front_door,
    page::Page,
    peers_in_state::sent_codecs,
};

const FPS: f64 = 30.0;
/// A browser draws without a graphics card, on two cores that the encoder needs, too: it may leave some frames out.
const SHOWN: std::ops::Range<f64> = 0.6 * FPS..1.2 * FPS;
/// Frames come a little late or early.
const COUNTED: std::ops::Range<f64> = 0.9 * FPS..1.1 * FPS;

/// The test tone, and a frequency where there is silence.
const TONE_AND_SILENCE: [f64; 2] = [440.0, 5000.0];
/// The pitch of the test tone's ticks.
const TICK: f64 = 1000.0;

const VIDEO: &str = "document.querySelector('.tile video')";

async fn shows_the_picture(options: Options) {
    let (_daemon, page) = front_door(options).await;
    page.says("Connected directly").await;
    let size = page.browser.value(&format!("[{VIDEO}.videoWidth, {VIDEO}.videoHeight]"), &[]).await;
    assert_eq!(size, json!([640, 360]));
    let shown = number(&page.browser.value(&format!("looking.rate({VIDEO}, 3000)"), &[]).await);
    assert!(SHOWN.contains(&shown), "{shown} frames are shown each second");
    let counted = number(&page.browser.value(&format!("looking.counting({VIDEO}, 3000)"), &[]).await);
    assert!(COUNTED.contains(&counted), "the counter in the picture moves by {counted} each second");
}

async fn plays_the_tone(options: Options) {
    let (_daemon, page) = front_door(options).await;
    let expression = format!("looking.hears({VIDEO}.srcObject, ...arguments, 4500)");
    let heard = page.browser.value(&expression, &[json!(TONE_AND_SILENCE), json!(TICK)]).await;
    let (tone, silence) = (number(&heard["levels"][0]), number(&heard["levels"][1]));
    assert!((0.15..0.35).contains(&tone) && silence < 0.01, "{tone} at the tone's pitch, {silence} elsewhere");
    let ticks: Vec<_> = heard["begin"].as_array().unwrap().iter().map(number).collect();
    let gaps: Vec<_> = ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= 2 && gaps.iter().all(|gap| (0.9..1.1).contains(gap)), "ticks at {ticks:?} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_the_picture() {
    shows_the_picture(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_shows_the_picture() {
    shows_the_picture(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_tone_and_its_ticks() {
    plays_the_tone(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_the_tone_and_its_ticks() {
    plays_the_tone(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firefox_without_h264_gets_vp8_beside_a_chromium_with_h264() {
    let (daemon, chromium) = front_door(Options::chromium()).await;
    daemon.wait_for_state(PATIENCE, |state| sent_codecs(state, "video") == ["h264"]).await;
    let firefox = Page::start(Options::firefox(), &daemon.http("/")).await;
    daemon.wait_for_state(PATIENCE, |state| sent_codecs(state, "video") == ["h264", "vp8"]).await;
    let plays = "looking.plays(document.querySelector('[data-peer=front-door] video'))";
    tokio::join!(
        chromium.browser.until("H.264 plays", plays, &[]),
        firefox.browser.until("VP8 plays", plays, &[])
    );
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}
