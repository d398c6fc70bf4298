//! Browsers play each codec that they take: what they show is looked at, and the gateway says which it is.

use crate::common::{
    browser::{Kind, Options, PATIENCE},
    daemon::Daemon,
    page::Page,
    peers_in_state::sent_codecs,
};

const VIDEO: &str = "document.querySelector('.tile video')";
/// Of 30, on two cores that encode and decode AV1 in software.
const COUNTED: std::ops::Range<f64> = 25.0..35.0;

async fn plays(kind: Kind, codec: &str) {
    let daemon = Daemon::run(&["--stun", "none", "--size", "320x180", "--bitrate", "500k", "--codec", codec]).await;
    let page = Page::start(Options::new(kind), &daemon.http("/")).await;
    page.one_peer().await;
    page.picture().await;
    daemon.wait_for_state(PATIENCE, |state| sent_codecs(state, "video") == [codec]).await;
    let counted = page.browser.value(&format!("looking.counting({VIDEO}, 3000)"), &[]).await;
    let counted = counted.as_f64().expect("a number");
    assert!(COUNTED.contains(&counted), "{codec}: the counter in the picture moves by {counted} each second");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_h264() {
    plays(Kind::Chromium, "h264").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_vp8() {
    plays(Kind::Chromium, "vp8").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_vp9() {
    plays(Kind::Chromium, "vp9").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_av1() {
    plays(Kind::Chromium, "av1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_vp9() {
    plays(Kind::Firefox, "vp9").await;
}
