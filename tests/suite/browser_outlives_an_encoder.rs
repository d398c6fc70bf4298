//! Chromium and four others watch while the encoder is replaced under them: none leaves, and none sees a still picture
//! for a second.

use std::time::Duration;

use futures_util::future::join_all;
use peergate::encoder::{ElementChoice, Settings};
use serde_json::json;

use crate::common::{
    browser::{Browser, Options as BrowserOptions},
    dialect::{DialectPage, Stream},
    gateway::{Gateway, member, of},
    plain_relay::PlainRelay,
    stand_in::{self, Behaviour},
    str0m_peer::{Options, Viewer},
    studio,
};

const GATEWAY: &str = "front-door";

/// Notes the longest time between two frames that are shown, from now on.
const WATCH: &str = "(() => {
    const video = [...document.querySelectorAll('video')].at(-1);
    window.watched = { longest: 0, frames: 0 };
    let last = performance.now();
    const shown = (now) => {
        window.watched.longest = Math.max(window.watched.longest, now - last);
        window.watched.frames += 1;
        last = now;
        video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
    return true;
})()";

async fn outlive(device: &'static str, behaviour: Behaviour, why: &str) {
    stand_in::register(&[(device, Behaviour::Works)]);
    let relay = PlainRelay::start().await;
    let encode = Settings {
        element: ElementChoice::Named(device.to_owned()),
        retry_after: Duration::from_secs(600),
        ..studio::settings()
    };
    let gateway = Gateway::encoding(vec![member(GATEWAY, relay.url())], encode);
    gateway.relay_is(GATEWAY, true).await;
    let viewers =
        join_all((1..=4).map(|number| {
            let options = Options::new(&format!("viewer-{number}")).meeting(GATEWAY);
            Viewer::join(relay.url(), options)
        }))
        .await;
    let chromium = Browser::start(BrowserOptions::chromium()).await;
    let page = DialectPage::enter(chromium, relay.url(), "chromium", Stream::None).await;
    page.connected(GATEWAY).await;
    page.picture(GATEWAY).await;
    join_all(viewers.iter().map(|viewer| viewer.video(30))).await;
    assert_eq!(of(&gateway.state(), GATEWAY).peers.len(), 5);

    page.browser.value(WATCH, &[]).await;
    page.browser.until("it watches", "window.watched.frames > 15", &[]).await;
    stand_in::behave(device, behaviour);
    let replaced = gateway
        .until("another encodes", |state| state.encoders.iter().find_map(|one| one.replaced.clone()))
        .await;
    assert!(replaced.element == device && replaced.why.contains(why), "{replaced:?}");
    page.browser.until("it goes on", "window.watched.frames > 75", &[]).await;
    let longest = page.browser.value("window.watched.longest", &[]).await.as_f64().unwrap();
    assert!(longest < 1000.0, "a still picture for {longest} ms");
    page.assert_no_errors().await;
    assert_eq!(page.browser.value("window.seen.connected", &[]).await, json!([GATEWAY]), "it was connected once");
    let frames = viewers[0].video(1).await.frames;
    join_all(viewers.iter().map(|viewer| viewer.video(frames + 30))).await;
    assert_eq!(of(&gateway.state(), GATEWAY).peers.len(), 5, "all are still there");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_gives_up() {
    outlive("vah264enc", Behaviour::FailsAfter(0), "the device is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_stalls() {
    outlive("nvh264enc", Behaviour::StallsAfter(0), "none came out for").await;
}
