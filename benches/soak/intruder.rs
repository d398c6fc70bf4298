//! A member of the room that means no good.

use serde_json::{Value, json};

use crate::{daemon, hostile, recorded_sdp, relay, socket::Socket};

/// More than a peer may say.
const FLOOD: usize = 300;

/// Comes, and sends each broken description there is, more candidates than it may and more calls than it may. It is gone when
/// its socket is dropped, and then what the relay has not read of it, too.
pub(crate) async fn intrude(id: &str) -> Socket {
    let mut room = Socket::open(relay::ROOM).await;
    let offer = recorded_sdp::one("offer_chromium_camera");
    let descriptions = [hostile::DESCRIPTIONS, hostile::OFFERS].concat();
    for (_, spoil) in descriptions {
        room.say(&to_us(id, "sdp", json!({ "type": "offer", "sdp": spoil(&offer) }))).await;
    }
    for number in 0..FLOOD {
        let candidate = format!("candidate:{number} 1 udp 2130706175 10.77.0.200 5000 typ host");
        room.say(&to_us(id, "candidate", json!({ "candidate": candidate, "sdpMLineIndex": 0 }))).await;
    }
    let call = json!({ "event": "join", "data": { "sender": id } }).to_string();
    for _ in 0..FLOOD {
        room.say(&call).await;
    }
    room.say("no message at all").await;
    room
}

fn to_us(from: &str, event: &str, what: Value) -> String {
    json!({ "event": event, "data": { "sender": from, "receiver": daemon::ID, event: what } }).to_string()
}
