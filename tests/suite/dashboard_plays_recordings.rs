//! Recordings that are kept are played and downloaded in the dashboard, also where the API wants a token, which neither a
//! player nor a download sends.

use std::fs;

use peergate::codec::{Codec, MediaKind};
use reqwest::{Client, StatusCode};
use serde_json::json;

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    camera::Camera,
    daemon::Daemon,
    dashboard::{Dashboard, TOKEN},
    flash_and_beep::FlashAndBeep,
    recordings::Recordings,
    wait::wait_until,
};

const VIDEO: &str = "document.querySelector('#player-video')";

/// Three seconds of a camera, in WebM.
async fn recorded() -> Recordings {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), "[record]\ncontainer = 'webm'\n").await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    camera.has_sent(&gateway, MediaKind::Video, 90).await;
    camera.leave(&gateway).await;
    recordings.settled(1).await;
    recordings
}

async fn plays(options: Options) {
    let recordings = recorded().await;
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(token.path(), TOKEN).unwrap();
    let arguments = ["--control-token-file", token.path().to_str().unwrap(), "--record-dir", recordings.dir()];
    let gateway = Daemon::gateway(&[&arguments[..], &["--record", "remote"]].concat()).await;
    let browser = Browser::start(options).await;
    browser.open(&gateway.http("/dashboard")).await;
    let dashboard = Dashboard { browser };
    dashboard.give("a guess").await;
    dashboard.says("#entry", "did not take that token").await;
    dashboard.give(TOKEN).await;
    dashboard.is_there().await;
    dashboard.browser.reload().await;
    dashboard.is_there().await;

    dashboard.says("#kept", "VP8 and Opus").await;
    dashboard.click("#kept [data-part=play]").await;
    let is_shown = format!("{VIDEO}.currentTime > 0.5 && {VIDEO}.videoWidth === 320 && {VIDEO}.error === null");
    dashboard.browser.until("the recording plays", &is_shown, &[]).await;

    let link = dashboard.browser.value(&format!("{VIDEO}.currentSrc"), &[]).await;
    let link = link.as_str().unwrap();
    let part = |url: &str| Client::new().get(url).header("range", "bytes=0-99").send();
    assert_eq!(part(link).await.unwrap().status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part(link.split('?').next().unwrap()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let other = link.replacen("/0?", "/0/manifest?", 1);
    assert_eq!(part(&other).await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let file = &recordings.segments()[0].path;
    let size = fs::metadata(file).unwrap().len();
    dashboard.click("#player-download").await;
    wait_until("the file is downloaded", PATIENCE, || {
        let downloads = fs::read_dir(dashboard.browser.downloads()).into_iter().flatten().flatten();
        downloads.filter_map(|entry| entry.metadata().ok()).any(|entry| entry.len() == size)
    })
    .await;
    dashboard.click("#player-close").await;
    dashboard.click("#kept [data-part=pin]").await;
    let is_pinned = "document.querySelector('#kept [data-part=pin]').getAttribute('aria-pressed') === 'true'";
    dashboard.browser.until("it is pinned", is_pinned, &[]).await;
    assert!(recordings.segments()[0].manifest.pinned);

    // What no browser plays.
    fs::write(file, vec![b'x'; usize::try_from(size).unwrap()]).unwrap();
    dashboard.click("#kept [data-part=play]").await;
    dashboard.says("#player-words", "This browser can't play the file: WebM with VP8 and Opus in it. Download it").await;
    dashboard.click("#player-close").await;

    // What was deleted by somebody else.
    fs::remove_file(file).unwrap();
    dashboard.click("#kept [data-part=play]").await;
    dashboard.says("#player-words", "The gateway does not give the file any more").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium() {
    plays(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox() {
    plays(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_are_started_and_ended() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("none", recordings.dir(), "").await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    let dashboard = Dashboard::open(Browser::start(Options::chromium()).await, &gateway.http("/dashboard")).await;
    dashboard.click("#peers [data-part=record]").await;
    dashboard.says("#running", "is recorded").await;
    dashboard.says("#disk", "are kept in").await;
    let state = gateway.state().await;
    assert_eq!(state["recordings"].as_array().unwrap().len(), 1, "{state:#}");
    let id = state["recordings"][0]["id"].clone();
    camera.goes_on(&gateway, MediaKind::Video, 60).await;
    dashboard.click("#running [data-part=stop]").await;
    dashboard.says("[data-of=running]", "Nothing is being recorded.").await;
    let kept = "document.querySelector('#kept li')?.dataset.recording === arguments[0]";
    dashboard.browser.until("it is among those that are kept", kept, &[json!(id)]).await;
    // Midnight.
    let tomorrow = "(Date = class extends Date { constructor(...of) { super(...(of.length ? of : [Date.now() + 86400e3])); } }, true)";
    let of_the_day = "document.querySelector('#day').value";
    let today = dashboard.browser.value(of_the_day, &[]).await;
    dashboard.browser.value(tomorrow, &[]).await;
    dashboard.browser.until("another day is shown", &format!("{of_the_day} !== arguments[0]"), &[today]).await;
    dashboard.says("[data-of=kept]", "Nothing of that day is kept.").await;
    // Nobody sends anything else to be recorded once the camera has gone.
    camera.leave(&gateway).await;
    dashboard.click("#record-remote").await;
    dashboard.says("#notices", "Not recorded: ").await;
}
