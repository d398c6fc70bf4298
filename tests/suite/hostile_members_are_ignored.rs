//! Who goes too far gets no answer for a while, and an answer after it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{
    daemon::{Daemon, GATEWAY},
    signalling::soon,
    socket::Socket,
};

const SOON: Duration = Duration::from_secs(20);
/// How long who goes too far is ignored in this test.
const IGNORED: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn for_as_long_as_is_configured() {
    let text = "[limits]\nignore = \"3s\"\n[log]\nfilter = \"info,peergate::relay=debug\"";
    let gateway = Daemon::configured(text).await;
    // Connected is not yet in the room: what is said before is not passed on to it.
    gateway.wait_for_log("socket open", SOON).await;
    let mut room = Socket::open(&gateway.ws("/signal")).await;
    for _ in 0..31 {
        let sdp = json!({ "type": "offer", "sdp": "" });
        let data = json!({ "sender": "hostile", "receiver": GATEWAY, "sdp": sdp });
        room.say(&json!({ "event": "sdp", "data": data }).to_string()).await;
    }
    let line = gateway.wait_for_log("ignored for a while peer=hostile", SOON).await;
    assert!(line.contains("time=3s"), "{line}");
    let ignored = Instant::now();

    room.say(&join("hostile")).await;
    room.say(&join("honest")).await;
    assert_eq!(soon(offered(&mut room)).await, "honest", "what came first was passed over");

    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let answered = async {
        loop {
            tokio::select! {
                who = offered(&mut room) => return who,
                _ = turns.tick() => {}
            }
            room.say(&join("hostile")).await;
        }
    };
    assert_eq!(soon(answered).await, "hostile");
    // The line of the log came a little later than what it tells of.
    assert!(ignored.elapsed() > IGNORED - Duration::from_secs(1), "after {:?}", ignored.elapsed());
}

fn join(sender: &str) -> String {
    json!({ "event": "join", "data": { "sender": sender } }).to_string()
}

/// Whom the next offer is for.
async fn offered(room: &mut Socket) -> String {
    loop {
        let message: Value = serde_json::from_str(&room.hear().await).unwrap();
        if message["event"] == "sdp" {
            return message["data"]["receiver"].as_str().unwrap().to_owned();
        }
    }
}
