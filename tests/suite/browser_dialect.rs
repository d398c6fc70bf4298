//! Pages that speak the library's dialect, in both browsers: with each other, so that what a later test says is not
//! a fault of theirs, and with the gateway, whoever comes first, with and without a stream of their own.

use serde_json::json;

use crate::common::{
    browser::{Browser, Options},
    daemon::Daemon,
    dialect::{DialectPage, Stream},
    plain_relay::PlainRelay,
};

const GATEWAY: &str = "front-door";

async fn chromium_and_firefox() -> (Browser, Browser) {
    tokio::join!(Browser::start(Options::chromium()), Browser::start(Options::firefox()))
}

async fn gateway(relay: &PlainRelay) -> Daemon {
    Daemon::run(&["--room", relay.url(), "--stun", "none", "--id", GATEWAY]).await
}

/// The page plays the gateway's picture and sound as one stream, talks with it, and was sent nothing that makes the
/// library throw.
async fn meets_the_gateway(page: &DialectPage, daemon: &Daemon, id: &str) {
    page.connected(GATEWAY).await;
    page.picture(GATEWAY).await;
    let kinds = "window.connections.get(arguments[0]).stream.getTracks().map((track) => track.kind).sort()";
    assert_eq!(page.browser.value(kinds, &[json!(GATEWAY)]).await, json!(["audio", "video"]));

    let words = format!("{id} is here");
    page.say(GATEWAY, &words).await;
    let post = reqwest::Client::new().post(daemon.http(&format!("/api/peers/{id}/messages")));
    let answer = post.json(&json!({ "text": format!("hello {id}") })).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    page.heard(&format!("hello {id}")).await;
    page.assert_no_errors().await;
}

async fn pages_come_first(streams: [Stream; 2]) {
    let relay = PlainRelay::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let chromium = DialectPage::enter(chromium, relay.url(), "chromium", streams[0]).await;
    let firefox = DialectPage::enter(firefox, relay.url(), "firefox", streams[1]).await;
    let daemon = gateway(&relay).await;
    meets_the_gateway(&chromium, &daemon, "chromium").await;
    meets_the_gateway(&firefox, &daemon, "firefox").await;
}

async fn gateway_comes_first(streams: [Stream; 2]) {
    let relay = PlainRelay::start().await;
    let daemon = gateway(&relay).await;
    daemon.wait_for_state(std::time::Duration::from_secs(10), |state| state["members"][0]["relay"]["state"] == "connected").await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let chromium = DialectPage::enter(chromium, relay.url(), "chromium", streams[0]).await;
    let firefox = DialectPage::enter(firefox, relay.url(), "firefox", streams[1]).await;
    meets_the_gateway(&chromium, &daemon, "chromium").await;
    meets_the_gateway(&firefox, &daemon, "firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn present_pages_with_and_without_a_stream_see_the_gateway() {
    pages_come_first([Stream::Camera, Stream::None]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn present_pages_without_and_with_a_stream_see_the_gateway() {
    pages_come_first([Stream::None, Stream::Camera]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_pages_with_and_without_a_stream_see_the_gateway() {
    gateway_comes_first([Stream::Camera, Stream::None]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_pages_without_and_with_a_stream_see_the_gateway() {
    gateway_comes_first([Stream::None, Stream::Camera]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_stay_open_meet_a_gateway_that_was_killed_and_started_again() {
    let relay = PlainRelay::start().await;
    let daemon = gateway(&relay).await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let chromium = DialectPage::enter(chromium, relay.url(), "chromium", Stream::Camera).await;
    let firefox = DialectPage::enter(firefox, relay.url(), "firefox", Stream::None).await;
    tokio::join!(chromium.connected(GATEWAY), firefox.connected(GATEWAY));
    drop(daemon);
    for page in [&chromium, &firefox] {
        page.browser.value("window.seen.connected.length = 0", &[]).await;
    }
    let daemon = gateway(&relay).await;
    meets_the_gateway(&chromium, &daemon, "chromium").await;
    meets_the_gateway(&firefox, &daemon, "firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_of_the_dialect_see_each_other() {
    let relay = PlainRelay::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let present = DialectPage::enter(chromium, relay.url(), "present", Stream::Camera).await;
    let joiner = DialectPage::enter(firefox, relay.url(), "joiner", Stream::Camera).await;
    tokio::join!(present.connected("joiner"), joiner.connected("present"));
    tokio::join!(present.picture("joiner"), joiner.picture("present"));
    joiner.say("present", "grüezi").await;
    present.heard("grüezi").await;
    present.assert_no_errors().await;
    joiner.assert_no_errors().await;
}
