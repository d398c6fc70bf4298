//! A browser whose link is cut plays on with a smaller picture, and gets the full one again.

use std::{io::Write, time::Duration};

use serde_json::{Value, json};

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    daemon::Daemon,
    netns::Host,
    page::Page,
};

const TOKEN: &str = "a-token-of-the-test";
const VIDEO: &str = "document.querySelector('.tile video')";

/// A browser draws without a graphics card, on two cores that the encoders need, too.
const SHOWN: f64 = 15.0;

async fn peer(gateway: &Daemon) -> Value {
    let request = reqwest::Client::new().get(gateway.http("/api/state")).bearer_auth(TOKEN);
    let state: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    state["members"][0]["peers"][0].clone()
}

async fn plays_on(options: Options) {
    let host = Host::new();
    host.link_to("10.0.0.0/8", 5000);
    let mut token = tempfile::NamedTempFile::new().unwrap();
    token.write_all(TOKEN.as_bytes()).unwrap();
    let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
    command.args(["run", "--listen", &format!("{}:0", host.address), "--control-token-file"]).arg(token.path());
    command.args(["--stun", "none", "--size", "960x540", "--bitrate", "1500k"]);
    let gateway = Daemon::start(command).await;
    let page = Page::open(Browser::start(options).await, &gateway.http("/")).await;
    page.picture().await;
    let full = page.browser.value(&format!("{VIDEO}.videoWidth"), &[]).await;
    assert_eq!(full, json!(960));

    host.set_link(500);
    page.browser.until("a smaller picture", &format!("{VIDEO}.videoWidth == 480"), &[]).await;
    // What is in the queue is still to come.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let shown = page.browser.value(&format!("looking.rate({VIDEO}, 3000)"), &[]).await.as_f64().unwrap();
    let peer_then = peer(&gateway).await;
    assert!(shown >= SHOWN, "{shown} frames are shown each second: {peer_then:#}");
    let estimate = peer_then["link"]["estimate"].as_u64().unwrap();
    assert!(estimate < 700_000, "{peer_then:#}");
    assert!(peer_then["link"]["round_trip_ms"].as_f64().is_some(), "{peer_then:#}");

    host.set_link(5000);
    page.browser.within(2 * PATIENCE, "the full picture", &format!("{VIDEO}.videoWidth == 960"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_on() {
    plays_on(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_on() {
    plays_on(Options::firefox()).await;
}
