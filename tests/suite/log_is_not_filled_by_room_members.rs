//! The log says what an operator wants to know of a room, and no member can fill it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{
    daemon::{Daemon, GATEWAY},
    recorded_sdp,
    socket::Socket,
};

const SOON: Duration = Duration::from_secs(20);

/// A daemon that sends nothing itself, and a member of its room.
async fn room() -> (Daemon, Socket) {
    let log = "info,peergate::relay=debug";
    let daemon = Daemon::gateway(&["--video", "none", "--audio", "none", "--log", log]).await;
    // Connected is not yet in the room: what is said before is not passed on to it.
    daemon.wait_for_log("socket open", SOON).await;
    let socket = Socket::open(&daemon.ws("/signal")).await;
    (daemon, socket)
}

fn message(event: &str, sender: &str, key: &str, value: &Value) -> String {
    json!({ "event": event, "data": { "sender": sender, "receiver": GATEWAY, key: value } }).to_string()
}

fn count(daemon: &Daemon, text: &str) -> usize {
    daemon.log().lines().filter(|line| line.contains(text)).count()
}

#[tokio::test]
async fn a_hidden_address_is_told_of_once() {
    let (daemon, mut room) = room().await;
    let offer = json!({ "type": "offer", "sdp": recorded_sdp::one("offer_chromium_camera") });
    room.say(&message("sdp", "page", "sdp", &offer)).await;
    for port in 50_000..50_010 {
        let text = format!("candidate:1 1 udp 2113937151 0f7a2b1c-9d6e-4c55-8a43-1b2c3d4e5f60.local {port} typ host");
        let candidate = json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": null });
        room.say(&message("candidate", "page", "candidate", &candidate)).await;
    }
    room.say(&message("sdp", "last", "sdp", &json!({ "type": "offer", "sdp": "" }))).await;
    daemon.wait_for_log("misbehaved peer=last", SOON).await;
    let line = daemon.wait_for_log("candidate left out peer=page", SOON).await;
    assert!(line.contains("INFO") && line.contains(".local"), "{line}");
    assert_eq!(count(&daemon, "candidate left out"), 1);
}

#[tokio::test]
async fn a_flood_of_what_is_wrong_is_cut_short() {
    let (daemon, mut room) = room().await;
    for number in 0..1000 {
        room.say(&message("sdp", &format!("nobody-{number}"), "sdp", &json!({ "type": "offer", "sdp": "" }))).await;
    }
    // One line a second: the first after the flood counts what was left out.
    let mut turns = tokio::time::interval(Duration::from_millis(200));
    let counted = async {
        while count(&daemon, "swallowed=") == 0 {
            turns.tick().await;
            room.say(&message("sdp", "last", "sdp", &json!({ "type": "offer", "sdp": "" }))).await;
        }
    };
    assert!(tokio::time::timeout(SOON, counted).await.is_ok(), "{}", daemon.log());
    assert!(count(&daemon, "misbehaved") < 40, "{}", daemon.log());
}
