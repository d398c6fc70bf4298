//! A gateway behind a firewall reaches its viewer through TURN alone, and loses packets: the API says so in words, and so does
//! the log.

use std::time::Duration;

use peergate::ice::TurnTransport;
use serde_json::{Value, json};

use crate::common::{
    distant::{DistantGateway, first_peer},
    netns::Host,
    plain_relay::PlainRelay,
    str0m_peer::{Options, Viewer},
    turn::{self, PASSWORD},
};

const RELAYED: &str = "relayed through TURN because no direct pair worked";

/// How long losses may take to be reported and told.
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn relayed_and_with_losses() {
    let host = Host::new();
    let relay = PlainRelay::start_on(host.router).await;
    let turn = turn::Server::start(TurnTransport::Udp).await;
    let to_turn = format!("-d {} -p udp --dport {}", turn.address.ip(), turn.address.port());
    host.send_only(&[&to_turn, &format!("-d {} -p tcp", host.router)]);
    let url = turn::url(TurnTransport::Udp, turn.address, PASSWORD);
    let room = ["--id", "gateway", "--room", relay.url(), "--turn", &url];
    let more = ["--size", "320x180", "--bitrate", "500k", "--log", "info,peergate::peer=debug"];
    let gateway = DistantGateway::start(&host, &[room.as_slice(), &more].concat()).await;
    let viewer = Viewer::join(relay.url(), Options::new("viewer")).await;
    viewer.video(30).await;

    let state = gateway.until("a peer that is judged", LIMIT, |state| first_peer(state)["verdict"].is_object()).await;
    let judged = first_peer(&state);
    assert_eq!(judged["way"]["local"], "relay", "{judged:#}");
    assert!(judged["verdict"]["words"].as_str().unwrap().starts_with(RELAYED), "{judged:#}");

    turn.lose(0.15);
    let loses = |state: &Value| {
        first_peer(state)["verdict"]["words"].as_str().is_some_and(|words| words.contains("uplink loss"))
    };
    let state = gateway.until("a peer that loses", LIMIT, loses).await;
    let worse = first_peer(&state);
    assert!(worse["verdict"]["words"].as_str().unwrap().starts_with(RELAYED), "{worse:#}");
    assert!([json!("fair"), json!("bad")].contains(&worse["verdict"]["grade"]), "{worse:#}");
    let line = gateway.daemon.wait_for_log("does worse", LIMIT).await;
    assert!(line.contains("peer=viewer") && line.contains(RELAYED), "{line}");
    // Also what the peer's own task says tells whose peer it is.
    let line = gateway.daemon.wait_for_log("ICE ice=", LIMIT).await;
    assert!(line.contains("member{id=gateway}:peer{id=viewer session="), "{line}");
}
