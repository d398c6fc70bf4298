//! The API of a running daemon, with a viewer in its room: what is asked is done, what happens is told.

use std::{borrow::Cow, time::Duration};

use reqwest::Client;
use serde_json::{Value, json};

use crate::common::{
    daemon::Daemon,
    follower::Follower,
    signalling::soon,
    str0m_peer::{Message, Options, Order, State, Viewer},
};

/// A daemon that shows a small picture, with a viewer whose channel is open.
async fn daemon_and_viewer() -> (Daemon, Viewer) {
    let daemon = Daemon::run(&["--id", "door", "--stun", "none", "--size", "320x240", "--fps", "10"]).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    daemon.wait_for_state(Duration::from_secs(20), |state| ann(state)["channel"]["open"] == true).await;
    (daemon, viewer)
}

/// What a state says of the viewer.
fn ann(state: &Value) -> &Value {
    &state["members"][0]["peers"][0]
}

async fn close(daemon: &Daemon, peer: &str) -> u16 {
    let request = Client::new().delete(daemon.http(&format!("/api/peers/{peer}")));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_shows_the_viewer_and_what_it_gets() {
    let (daemon, viewer) = daemon_and_viewer().await;
    viewer.video(5).await;
    let state = daemon
        .wait_for_state(Duration::from_secs(10), |state| {
            ann(state)["sending"].as_array().is_some_and(|tracks| tracks.iter().all(|track| track["frames"] != 0))
        })
        .await;
    let member = &state["members"][0];
    assert_eq!(member["id"], "door");
    assert_eq!(member["relay"]["state"], "connected");
    assert_eq!(member["room"], daemon.ws("/signal"));
    assert_eq!(ann(&state)["id"], "ann");
    assert_eq!(ann(&state)["connection"], "connected");
    assert_eq!(ann(&state)["sending"].as_array().unwrap().len(), 2, "{state:#}");
    assert_eq!(state["sources"].as_array().unwrap().len(), 2, "{state:#}");
    let encoders = state["encoders"].as_array().unwrap();
    let running: Vec<_> = encoders.iter().filter(|encoder| encoder["condition"]["state"] == "running").collect();
    assert_eq!(running.len(), 2, "{state:#}");
    assert!(running.iter().all(|encoder| encoder["takers"] == 1), "{state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_to_the_viewer_and_come_back_as_events() {
    let (daemon, viewer) = daemon_and_viewer().await;
    let mut events = Follower::of(daemon.address()).await;
    let sent = daemon.send(None, &json!({"text": "grüezi"})).await;
    assert_eq!(sent.json::<Value>().await.unwrap(), json!({"peers": 1}));
    let sent = daemon.send(Some("ann"), &json!({"base64": "AP8="})).await;
    assert_eq!(sent.json::<Value>().await.unwrap(), json!({"peers": 1}));
    assert_eq!(viewer.messages(2).await, [Message::Text("grüezi".into()), Message::Binary(vec![0, 255])]);

    viewer.order(Order::SendText(Cow::Borrowed("und zurück".as_bytes())));
    let message = soon(events.until("message")).await;
    assert_eq!(message, json!({"event": "message", "member": "door", "peer": "ann", "text": "und zurück"}));
    viewer.order(Order::SendBinary(vec![0, 255]));
    assert_eq!(soon(events.until("message")).await["base64"], "AP8=");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_met_connected_closed_and_told_of() {
    let daemon = Daemon::run(&["--id", "door", "--stun", "none", "--video", "none"]).await;
    let mut events = Follower::of(daemon.address()).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    for kind in ["peer_joined", "peer_connected"] {
        assert_eq!(soon(events.until(kind)).await, json!({"event": kind, "member": "door", "peer": "ann"}));
    }
    assert_eq!(close(&daemon, "ann").await, 204);
    let closed = soon(events.until("peer_closed")).await;
    assert_eq!(closed["peer"], "ann");
    assert!(closed["why"].as_str().unwrap().starts_with("closed here"), "{closed}");
    let gone = |state: &Value| state["members"][0]["peers"] == json!([]);
    daemon.wait_for_state(Duration::from_secs(10), gone).await;
    viewer
        .until("the end of the connection", Duration::from_secs(10), |view| {
            view.connection("door").filter(|one| matches!(one.state, State::Closed | State::Disconnected)).map(|_| ())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_who_is_not_there() {
    let daemon = Daemon::run(&["--stun", "none", "--video", "none", "--audio", "none"]).await;
    assert_eq!(close(&daemon, "nobody").await, 404);
    let refused = daemon.send(Some("nobody"), &json!({"text": "hello"})).await;
    assert_eq!(refused.status().as_u16(), 404);
    let sent = daemon.send(None, &json!({"text": "hello"})).await;
    assert_eq!(sent.json::<Value>().await.unwrap(), json!({"peers": 0}));
}
