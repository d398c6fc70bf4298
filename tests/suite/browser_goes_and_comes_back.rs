//! The gateway notices who is gone and says why; whoever comes back is met again.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;

use crate::common::{
    browser::{Options, PATIENCE},
    daemon::{self, Daemon},
    follower::Follower,
    page::Page,
    peers_in_state::{open_channels, peers},
};

const SMALL: [&str; 8] = ["--stun", "none", "--id", "front-door", "--size", "320x240", "--fps", "10"];
const BROWSERS: [fn() -> Options; 2] = [Options::chromium, Options::firefox];

async fn visit(daemon: &Daemon, options: Options) -> Page {
    let page = Page::start(options, &daemon.http("/")).await;
    page.browser.until("the gateway's picture plays", "looking.plays(document.querySelector(arguments[0]))", &[json!("[data-peer=front-door] video")]).await;
    page
}

async fn told_why(events: &mut Follower, limit: Duration) -> String {
    let event = timeout(limit, events.until("peer_closed")).await;
    let event = event.unwrap_or_else(|_| panic!("nobody is missed within {limit:?}"));
    event["why"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_page_is_missed_within_5_s() {
    let daemon = Daemon::run(&SMALL).await;
    let mut events = Follower::of(daemon.address()).await;
    for options in BROWSERS {
        let page = visit(&daemon, options()).await;
        page.browser.close_page().await;
        assert_eq!(told_why(&mut events, Duration::from_secs(5)).await, "the peer closed the connection");
        daemon.wait_for_state(PATIENCE, |state| peers(state).is_empty()).await;
    }
    let log = daemon.log();
    assert!(!log.contains("WARN gstreamer"), "who leaves is nothing to warn of:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_browsers_are_missed_within_20_s() {
    let daemon = Daemon::run(&SMALL).await;
    let mut events = Follower::of(daemon.address()).await;
    let (chromium, firefox) = tokio::join!(visit(&daemon, Options::chromium()), visit(&daemon, Options::firefox()));
    daemon.wait_for_state(PATIENCE, |state| open_channels(state) == 2).await;
    chromium.browser.kill();
    firefox.browser.kill();
    let limit = Instant::now() + Duration::from_secs(20);
    for _ in 0..2 {
        let why = told_why(&mut events, limit.saturating_duration_since(Instant::now())).await;
        assert!(why.starts_with("nothing heard of the peer for 1"), "{why}");
    }
    daemon.wait_for_state(PATIENCE, |state| peers(state).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_page_is_a_new_peer() {
    let daemon = Daemon::run(&SMALL).await;
    let mut events = Follower::of(daemon.address()).await;
    for options in BROWSERS {
        let page = visit(&daemon, options()).await;
        let before = daemon.wait_for_state(PATIENCE, |state| peers(state).len() == 1).await;
        let before = peers(&before)[0]["id"].clone();
        page.browser.reload().await;
        told_why(&mut events, Duration::from_secs(5)).await;
        page.picture().await;
        daemon.wait_for_state(PATIENCE, |state| peers(state).len() == 1 && peers(state)[0]["id"] != before).await;
        page.browser.close_page().await;
        told_why(&mut events, Duration::from_secs(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_finds_a_gateway_that_was_killed_and_started_again() {
    let daemon = Daemon::run(&SMALL).await;
    let page = visit(&daemon, Options::chromium()).await;
    let address = daemon.address().to_string();
    drop(daemon);
    page.says("The relay can't be reached").await;
    page.browser.until("the picture stopped", "!document.querySelector('.tile[data-state=connected]')", &[]).await;
    let again = [&["run", "--listen", &address], &SMALL[..]].concat();
    let _daemon = Daemon::start(daemon::command(&again)).await;
    assert_eq!(page.one_peer().await, "front-door");
    page.picture().await;
}
