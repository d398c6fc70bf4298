//! A room member sends what must be refused: the daemon says who misbehaved and how, lives, and connects to the next. Who
//! looks on meanwhile misses nothing.

use std::time::Duration;

use peergate::sdp::RemoteOffer;
use serde_json::{Value, json};

use crate::common::{
    daemon::GATEWAY,
    hostile,
    hostile_candidates,
    hostile_scene::Scene,
    recorded_sdp,
    socket::Socket,
    str0m_peer::{Options, Viewer},
};

const SOON: Duration = Duration::from_secs(20);
/// The log tells of so many at once, then of one a second, and counts the rest.
const TOLD: usize = 10;
const CANDIDATE: &str = "candidate:3060645544 1 udp 2122260223 10.77.0.1 50694 typ host generation 0";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_offers() {
    let valid = recorded_sdp::one("offer_chromium_camera");
    for rows in [hostile::DESCRIPTIONS, hostile::OFFERS].concat().chunks(TOLD) {
        let scene = Scene::set().await;
        let mut room = Socket::open(&scene.gateway.ws("/signal")).await;
        for (name, mutate) in rows {
            room.say(&sdp(name, "offer", &mutate(&valid)).to_string()).await;
            says_who_misbehaved(&scene, name, "its offer can't be used: expected ").await;
        }
        still_works(&scene).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers() {
    for rows in [hostile::DESCRIPTIONS, hostile::ANSWERS].concat().chunks(TOLD) {
        let scene = Scene::set().await;
        for (name, mutate) in rows {
            let options = Options { rewrite: Some(*mutate), ..Options::new(name).meeting(GATEWAY) };
            let _member = Viewer::join(&scene.gateway.ws("/signal"), options).await;
            says_who_misbehaved(&scene, name, "its answer can't be used: expected ").await;
        }
        still_works(&scene).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_candidates() {
    let offer = recorded_sdp::one("offer_chromium_camera");
    assert!(RemoteOffer::parse(&offer).is_ok());
    for rows in hostile_candidates::CANDIDATES.chunks(TOLD) {
        let scene = Scene::set().await;
        let mut room = Socket::open(&scene.gateway.ws("/signal")).await;
        for (name, mutate) in rows {
            room.say(&sdp(name, "offer", &offer).to_string()).await;
            room.say(&candidate(name, &mutate(CANDIDATE)).to_string()).await;
            says_who_misbehaved(&scene, name, "its candidate can't be used: expected ").await;
        }
        assert!(!scene.gateway.log().contains("10.77.0.1"), "the log shows no peer's address:\n{}", scene.gateway.log());
        still_works(&scene).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_description_names() {
    let scene = Scene::set().await;
    let rewrite: Option<fn(&str) -> String> = Some(hostile::the_fingerprint_of_another_certificate);
    let _member = Viewer::join(&scene.gateway.ws("/signal"), Options { rewrite, ..Options::new("impostor").meeting(GATEWAY) }).await;
    let line = scene.gateway.wait_for_log("gone peer=impostor ", SOON).await;
    assert!(line.contains("misbehaved") && line.contains("certificate"), "{line}");
    scene.gateway.wait_for_log("ignored for a while peer=impostor ", SOON).await;
    still_works(&scene).await;
}

async fn says_who_misbehaved(scene: &Scene, name: &str, what: &str) {
    let line = scene.gateway.wait_for_log(&format!("misbehaved peer={name} "), SOON).await;
    assert!(line.contains(what), "{line}");
}

/// It is the same process, an honest member gets its connection, and who looks on has missed nothing.
async fn still_works(scene: &Scene) {
    let honest = Viewer::join(&scene.gateway.ws("/signal"), Options::new("honest").meeting(GATEWAY)).await;
    assert_eq!(honest.connected().await, GATEWAY);
    scene.unharmed().await;
}

fn sdp(sender: &str, kind: &str, text: &str) -> Value {
    json!({ "event": "sdp", "data": { "sender": sender, "receiver": GATEWAY, "sdp": { "type": kind, "sdp": text } } })
}

fn candidate(sender: &str, text: &str) -> Value {
    let candidate = json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": null });
    json!({ "event": "candidate", "data": { "sender": sender, "receiver": GATEWAY, "candidate": candidate } })
}
