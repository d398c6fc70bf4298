//! A gateway whose firewall lets nothing out but its relay and its TURN server still shows its picture.

use std::time::Duration;

use peergate::ice::TurnTransport;

use crate::common::{
    daemon::Daemon,
    netns::Host,
    plain_relay::PlainRelay,
    str0m_peer::{Options, Viewer},
    turn::{self, PASSWORD},
};

#[tokio::test(flavor = "multi_thread")]
async fn over_udp() {
    shown_over(TurnTransport::Udp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp() {
    shown_over(TurnTransport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls() {
    shown_over(TurnTransport::Tls).await;
}

async fn shown_over(transport: TurnTransport) {
    let host = Host::new();
    let relay = PlainRelay::start_on(host.router).await;
    let turn = turn::Server::start(transport).await;
    let (ip, port) = (turn.address.ip(), turn.address.port());
    let protocol = if transport == TurnTransport::Udp { "udp" } else { "tcp" };
    let to_turn = format!("-d {ip} -p {protocol} --dport {port}");
    host.send_only(&[&to_turn, &format!("-d {} -p tcp", host.router)]);

    let url = turn::url(transport, turn.address, PASSWORD);
    let arguments =
        ["run", "--listen", "none", "--stun", "none", "--room", relay.url(), "--turn", &url, "--log", "debug"];
    let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
    command.args(arguments).env("SSL_CERT_FILE", turn.certificate());
    let gateway = Daemon::spawn(command);
    gateway.wait_for_log("entering", Duration::from_secs(30)).await;

    let viewer = Viewer::join(relay.url(), Options::new("viewer")).await;
    let video = viewer.video(60).await;
    assert!(video.keyframes >= 1, "{video:?}");
    assert!(!gateway.log().contains("in_one_call=true"), "only libnice knows the way:\n{}", gateway.log());
}
