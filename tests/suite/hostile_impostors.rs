//! The relay does not check who sends what, so a member of the room speaks in the name of one that is connected: that one misses
//! nothing, and is there as before.

use serde_json::{Value, json};

use crate::common::{
    daemon::GATEWAY, hostile_scene::Scene, recorded_sdp, signalling::soon, socket::Socket, str0m_peer::{Message, Options},
};

#[tokio::test(flavor = "multi_thread")]
async fn cost_nobody_the_picture() {
    // As the page does: while it is connected, it makes no offer whoever asks for one.
    let watcher = Options { offers_on_request: false, ..Options::new("watcher").meeting(GATEWAY) };
    let scene = Scene::set_for(watcher).await;
    let mut room = Socket::open(&scene.gateway.ws("/signal")).await;
    let answer = recorded_sdp::one("answer_chromium_camera_to_webrtcbin_all");
    for offer in ["offer_chromium_camera", "offer_chromium_data", "offer_firefox_receive", "offer_str0m_camera"] {
        let offer = recorded_sdp::one(offer);
        for (event, content) in [
            ("join", json!({})),
            ("requestConnect", json!({})),
            ("sdp", json!({ "sdp": { "type": "answer", "sdp": answer } })),
            ("candidate", candidate()),
            ("sdp", json!({ "sdp": { "type": "offer", "sdp": offer } })),
            ("candidate", candidate()),
        ] {
            room.say(&in_its_name(event, content).to_string()).await;
        }
        soon(answered(&mut room)).await;
    }
    scene.unharmed().await;

    let sent = scene.gateway.send(Some("watcher"), &json!({ "text": "to you" })).await;
    assert!(sent.status().is_success(), "{sent:?}");
    assert_eq!(scene.watcher.messages(1).await, [Message::Text("to you".to_owned())]);
}

fn in_its_name(event: &str, content: Value) -> Value {
    let mut data = content;
    data["sender"] = json!("watcher");
    data["receiver"] = json!(GATEWAY);
    json!({ "event": event, "data": data })
}

fn candidate() -> Value {
    let text = "candidate:1 1 udp 2130706175 10.77.0.1 5000 typ host";
    json!({ "candidate": { "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": null } })
}

/// Waits for an answer of the gateway's: a session was begun.
async fn answered(room: &mut Socket) {
    loop {
        let message: Value = serde_json::from_str(&room.hear().await).unwrap();
        if message["data"]["sender"] == GATEWAY && message["data"]["sdp"]["type"] == "answer" {
            return;
        }
    }
}
