//! `PUT /api/log`: what is logged from now on; a filter that is none changes nothing.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::common::{
    daemon::Daemon,
    scripted_relay::ScriptedRelay,
    str0m_peer::{Options, Viewer},
};

const LIMIT: Duration = Duration::from_secs(20);

async fn change(daemon: &Daemon, filter: &str) -> StatusCode {
    let request = Client::new().put(daemon.http("/api/log")).json(&json!({ "filter": filter }));
    request.send().await.unwrap().status()
}

async fn filter(daemon: &Daemon) -> String {
    let log: Value = reqwest::get(daemon.http("/api/log")).await.unwrap().json().await.unwrap();
    log["filter"].as_str().unwrap().to_owned()
}

fn has_debug(daemon: &Daemon) -> bool {
    daemon.log().lines().any(|line| line.contains("DEBUG"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_logged_is_from_then_on() {
    let daemon = Daemon::gateway(&[]).await;
    let ann = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    ann.video(1).await;
    assert!(!has_debug(&daemon), "{}", daemon.log());
    assert_eq!(filter(&daemon).await, "info");

    assert_eq!(change(&daemon, "peergate=loud").await, StatusCode::BAD_REQUEST);
    assert_eq!(filter(&daemon).await, "info");
    assert_eq!(change(&daemon, "peergate=debug").await, StatusCode::NO_CONTENT);
    assert_eq!(filter(&daemon).await, "peergate=debug");
    daemon.wait_for_log("this is logged from now on filter=\"peergate=debug\"", LIMIT).await;
    let bob = Viewer::join(&daemon.ws("/signal"), Options::new("bob")).await;
    bob.video(1).await;
    daemon.wait_for_log("DEBUG", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_with_their_credentials_stay_out_whatever_is_asked_for() {
    let relay = ScriptedRelay::plain().await;
    let daemon = Daemon::gateway(&["--room", &format!("ws://geheim1:geheim2@{}/room", relay.address())]).await;
    let first = relay.let_in().await;
    assert_eq!(change(&daemon, "trace").await, StatusCode::NO_CONTENT);
    drop(first);
    let _again = relay.let_in().await;
    daemon.wait_for_log("TRACE", LIMIT).await;
    assert!(!daemon.log().contains("geheim"), "{}", daemon.log());
}
