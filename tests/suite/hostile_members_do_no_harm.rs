//! A room member sends what must be refused: the daemon says who misbehaved and how, lives, and connects to the next.

use std::time::Duration;

use peergate::sdp::RemoteOffer;
use serde_json::{Value, json};

use crate::common::{
    daemon::Daemon,
    hostile,
    recorded_sdp,
    socket::Socket,
    str0m_peer::{Options, Viewer},
};

const GATEWAY: &str = "gateway";
const SOON: Duration = Duration::from_secs(20);
/// The log tells of so many at once, then of one a second, and counts the rest.
const TOLD: usize = 10;
const CANDIDATE: &str = "candidate:3060645544 1 udp 2122260223 10.77.0.1 50694 typ host generation 0";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_offers() {
    let valid = recorded_sdp::one("offer_chromium_camera");
    for rows in [hostile::DESCRIPTIONS, hostile::OFFERS].concat().chunks(TOLD) {
        let daemon = gateway().await;
        let mut room = Socket::open(&daemon.ws("/signal")).await;
        for (name, mutate) in rows {
            room.say(&sdp(name, "offer", &mutate(&valid)).to_string()).await;
            says_who_misbehaved(&daemon, name, "its offer can't be used: expected ").await;
        }
        still_works(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers() {
    for rows in [hostile::DESCRIPTIONS, hostile::ANSWERS].concat().chunks(TOLD) {
        let daemon = gateway().await;
        for (name, mutate) in rows {
            let options = Options { rewrite: Some(*mutate), ..Options::new(name) };
            let _member = Viewer::join(&daemon.ws("/signal"), options).await;
            says_who_misbehaved(&daemon, name, "its answer can't be used: expected ").await;
        }
        still_works(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_candidates() {
    let offer = recorded_sdp::one("offer_chromium_camera");
    assert!(RemoteOffer::parse(&offer).is_ok());
    for rows in hostile::CANDIDATES.chunks(TOLD) {
        let daemon = gateway().await;
        let mut room = Socket::open(&daemon.ws("/signal")).await;
        for (name, mutate) in rows {
            room.say(&sdp(name, "offer", &offer).to_string()).await;
            room.say(&candidate(name, &mutate(CANDIDATE)).to_string()).await;
            says_who_misbehaved(&daemon, name, "its candidate can't be used: expected ").await;
        }
        assert!(!daemon.log().contains("10.77.0.1"), "the log shows no peer's address:\n{}", daemon.log());
        still_works(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_description_names() {
    let daemon = gateway().await;
    let rewrite: Option<fn(&str) -> String> = Some(hostile::the_fingerprint_of_another_certificate);
    let _member = Viewer::join(&daemon.ws("/signal"), Options { rewrite, ..Options::new("impostor") }).await;
    let line = daemon.wait_for_log("gone peer=impostor ", SOON).await;
    assert!(line.contains("misbehaved") && line.contains("certificate"), "{line}");
    still_works(&daemon).await;
}

/// A daemon that sends nothing itself, in the room of its own relay.
async fn gateway() -> Daemon {
    let log = "info,peergate::relay=debug";
    let arguments = ["--id", GATEWAY, "--video", "none", "--audio", "none", "--stun", "none", "--log", log];
    let daemon = Daemon::run(&arguments).await;
    // Connected is not yet in the room: what is said before is not passed on to it.
    daemon.wait_for_log("socket open", SOON).await;
    daemon
}

async fn says_who_misbehaved(daemon: &Daemon, name: &str, what: &str) {
    let line = daemon.wait_for_log(&format!("misbehaved peer={name} "), SOON).await;
    assert!(line.contains(what), "{line}");
}

/// It is the same process, and an honest member gets its connection.
async fn still_works(daemon: &Daemon) {
    let honest = Viewer::join(&daemon.ws("/signal"), Options::new("honest")).await;
    assert_eq!(honest.connected().await, GATEWAY);
}

fn sdp(sender: &str, kind: &str, text: &str) -> Value {
    json!({ "event": "sdp", "data": { "sender": sender, "receiver": GATEWAY, "sdp": { "type": kind, "sdp": text } } })
}

fn candidate(sender: &str, text: &str) -> Value {
    let candidate = json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": null });
    json!({ "event": "candidate", "data": { "sender": sender, "receiver": GATEWAY, "candidate": candidate } })
}
