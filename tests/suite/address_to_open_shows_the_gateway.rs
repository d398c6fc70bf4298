//! The address that is printed leads to the room in which the gateway is.

use std::time::Duration;

use crate::common::daemon::Daemon;

const SOON: Duration = Duration::from_secs(20);
const NO_MEDIA: [&str; 6] = ["--video", "none", "--audio", "none", "--stun", "none"];

async fn told(arguments: &[&str], what: &str) -> (String, String) {
    let daemon = Daemon::run(&[&NO_MEDIA, arguments].concat()).await;
    let line = daemon.wait_for_log(what, SOON).await;
    (line, format!("http://{}", daemon.address()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_without_a_name() {
    let (line, page) = told(&[], "open http").await;
    assert!(line.ends_with(&page), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_a_name() {
    let (line, page) = told(&["--room", "embedded:yard"], "open http").await;
    assert!(line.ends_with(&format!("{page}/#yard")), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn none_where_the_room_is_elsewhere() {
    let (line, page) = told(&["--room", "ws://127.0.0.1:9/room"], "on another relay").await;
    assert!(line.contains(&format!("{page}/api")), "{line}");
}
