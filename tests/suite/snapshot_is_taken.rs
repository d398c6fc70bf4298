//! `GET /api/sources/{name}/snapshot.jpg`: what a source shows right now, whether or not anybody watches.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use crate::common::{
    daemon::Daemon,
    decode::Picture,
    str0m_peer::{Options, Viewer},
    xvfb::Xvfb,
};

const LIMIT: Duration = Duration::from_secs(20);

async fn asked(daemon: &Daemon, source: &str) -> Response {
    reqwest::get(daemon.http(&format!("/api/sources/{source}/snapshot.jpg"))).await.unwrap()
}

async fn picture(daemon: &Daemon, source: &str) -> Picture {
    let answer = asked(daemon, source).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"image/jpeg".parse().unwrap()));
    Picture::of_jpeg(&answer.bytes().await.unwrap()).await
}

fn condition(state: &Value) -> &str {
    state["sources"][0]["condition"]["state"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_of_now_in_the_size_of_the_source_beside_a_viewer_who_notices_nothing() {
    let daemon = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    let before = viewer.video(30).await.frames;
    let first = picture(&daemon, "picture").await;
    assert_eq!((first.width, first.height), (320, 180));
    viewer.video(before + 60).await;
    let second = picture(&daemon, "picture").await;
    let numbers = (first.number().unwrap(), second.number().unwrap());
    assert!(numbers.1 > numbers.0 + 30, "they are of different moments: {numbers:?}");
    let peer = daemon.peer("ann", |_| true).await;
    assert_eq!(peer["sending"][0]["dropped"], 0, "{peer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_nobody_watches_runs_for_it_and_no_longer() {
    let daemon = Daemon::gateway(&[]).await;
    assert_eq!(condition(&daemon.state().await), "idle");
    assert!(picture(&daemon, "picture").await.number().is_some());
    daemon.wait_for_state(LIMIT, |state| condition(state) == "idle" && state["sources"][0]["frames"] != 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_one_each() {
    let daemon = Daemon::gateway(&[]).await;
    let all = futures_util::future::join_all((0..8).map(|_| picture(&daemon, "picture"))).await;
    assert!(all.iter().all(|picture| picture.number().is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_source_that_gives_nothing_it_is_the_slate() {
    let display = Xvfb::free_display();
    let daemon = Daemon::gateway(&["--video", &format!("screen:{display}")]).await;
    assert!(picture(&daemon, "picture").await.is_slate());
}
