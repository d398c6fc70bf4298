//! A gateway behind a firewall reaches its viewer through TURN alone, and loses packets: the API says so in words, and so does
//! the log.

use std::{fs, time::Duration};

use peergate::ice::TurnTransport;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Client;
use serde_json::{Value, json};

use crate::common::{
    daemon::Daemon,
    netns::Host,
    plain_relay::PlainRelay,
    str0m_peer::{Options, Viewer},
    turn::{self, PASSWORD, USER},
};

const TOKEN: &str = "a-long-enough-secret-token";

const RELAYED: &str = "relayed through TURN because no direct pair worked";

/// How long losses may take to be reported and told.
const LIMIT: Duration = Duration::from_secs(20);

async fn peer(gateway: &Daemon) -> Value {
    let request = Client::new().get(gateway.http("/api/state")).bearer_auth(TOKEN);
    let state: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    state["members"][0]["peers"][0].clone()
}

async fn peer_that(gateway: &Daemon, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut turns = tokio::time::interval(Duration::from_millis(200));
    let found = tokio::time::timeout(LIMIT, async {
        loop {
            turns.tick().await;
            let peer = peer(gateway).await;
            if is_so(&peer) {
                return peer;
            }
        }
    });
    match found.await {
        Ok(peer) => peer,
        Err(_) => panic!("no peer that {what} within {LIMIT:?}: {:#}\n{}", peer(gateway).await, gateway.log()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relayed_and_with_losses() {
    let host = Host::new();
    let relay = PlainRelay::start_on(host.router).await;
    let turn = turn::Server::start(TurnTransport::Udp).await;
    let to_turn = format!("-d {} -p udp --dport {}", turn.address.ip(), turn.address.port());
    host.send_only(&[&to_turn, &format!("-d {} -p tcp", host.router)]);
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(token.path(), TOKEN).unwrap();
    let [user, password] = [USER, PASSWORD].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
    let url = format!("turn:{user}:{password}@{}?transport=udp", turn.address);
    let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
    command.args(["run", "--listen", &format!("{}:0", host.address), "--control-token-file"]).arg(token.path());
    command.args(["--id", "gateway", "--room", relay.url(), "--stun", "none", "--turn", &url]);
    command.args(["--size", "320x180", "--bitrate", "500k", "--log", "info,peergate::peer=debug"]);
    let gateway = Daemon::start(command).await;
    let viewer = Viewer::join(relay.url(), Options::new("viewer")).await;
    viewer.video(30).await;

    let judged = peer_that(&gateway, "is judged", |peer| peer["verdict"].is_object()).await;
    assert_eq!(judged["way"]["local"], "relay", "{judged:#}");
    assert!(judged["verdict"]["words"].as_str().unwrap().starts_with(RELAYED), "{judged:#}");

    turn.lose(0.15);
    let worse = peer_that(&gateway, "loses", |peer| {
        peer["verdict"]["words"].as_str().is_some_and(|words| words.contains("uplink loss"))
    })
    .await;
    assert!(worse["verdict"]["words"].as_str().unwrap().starts_with(RELAYED), "{worse:#}");
    assert!([json!("fair"), json!("bad")].contains(&worse["verdict"]["grade"]), "{worse:#}");
    let line = gateway.wait_for_log("does worse", LIMIT).await;
    assert!(line.contains("peer=viewer") && line.contains(RELAYED), "{line}");
    // Also what the peer's own task says tells whose peer it is.
    let line = gateway.wait_for_log("ICE ice=", LIMIT).await;
    assert!(line.contains("member{id=gateway}:peer{id=viewer session="), "{line}");
}
