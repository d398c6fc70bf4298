//! The signalling client over `wss`: whom it trusts, and what it says of those it does not.

use std::path::PathBuf;

use peergate::{
    ids::PeerId,
    signal::{
        client::{Client, ClientEvent, Settings},
        message::{Envelope, Signal},
    },
    tls::Anchors,
};
use tokio_tungstenite::tungstenite::Message;

use crate::common::{
    private_ca::PrivateCa,
    scripted_relay::ScriptedRelay,
    signalling::{settings, soon},
};

fn over_tls(relay: &ScriptedRelay, ca_file: Option<PathBuf>) -> Settings {
    Settings { anchors: Anchors::beside_system(ca_file), ..settings(&format!("wss://localhost:{}/room", relay.address().port())) }
}

async fn why_not(settings: Settings) -> String {
    let (_client, mut events) = Client::start(settings);
    match soon(events.recv()).await {
        Some(ClientEvent::Down { why }) => why,
        other => panic!("expected it to be down, got {other:?}"),
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_when_it_is_named() {
    let ca = PrivateCa::new();
    let relay = ScriptedRelay::tls(&ca, "localhost").await;
    let (client, mut events) = Client::start(over_tls(&relay, Some(ca.file())));
    let mut visitor = soon(relay.let_in_over_tls()).await.unwrap();
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    let join = Envelope { from: PeerId::new("ann").unwrap(), to: None, body: Signal::Join };
    client.send(join.clone());
    assert_eq!(soon(visitor.hear()).await, Some(Message::text(join.to_text())));
}

#[tokio::test]
async fn a_private_ca_is_refused_when_it_is_not_named() {
    let ca = PrivateCa::new();
    let relay = ScriptedRelay::tls(&ca, "localhost").await;
    let (why, visitor) = tokio::join!(why_not(over_tls(&relay, None)), relay.let_in_over_tls());
    assert!(visitor.is_err());
    // Where the machine trusts no CA at all, that is what is said.
    assert!(why.contains("ca_file"), "{why}");
}

#[tokio::test]
async fn another_ca_than_the_relay_s_is_refused_with_a_hint() {
    let ca = PrivateCa::new();
    let relay = ScriptedRelay::tls(&ca, "localhost").await;
    for other in [PrivateCa::named("another CA"), PrivateCa::new()] {
        let (why, _) = tokio::join!(why_not(over_tls(&relay, Some(other.file()))), relay.let_in_over_tls());
        let what = "the relay's certificate is signed by a CA that is not trusted here; name that CA's certificate in ca_file \
                    if it is yours; the certificate is sha-256 ";
        assert!(why.starts_with(what), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let ca = PrivateCa::new();
    let relay = ScriptedRelay::tls(&ca, "other.example").await;
    let (why, _) = tokio::join!(why_not(over_tls(&relay, Some(ca.file()))), relay.let_in_over_tls());
    assert!(why.starts_with("the relay's certificate is for another name"), "{why}");
    assert!(why.contains("other.example"), "{why}");
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_said_so() {
    let relay = ScriptedRelay::plain().await;
    let why = why_not(over_tls(&relay, Some("/nonexistent/ca.pem".into()))).await;
    assert!(why.contains("/nonexistent/ca.pem can't be read: No such file"), "{why}");
    let why = why_not(over_tls(&relay, Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()))).await;
    assert!(why.contains("expected PEM certificates"), "{why}");
}

#[tokio::test]
async fn a_server_without_tls_is_said_so() {
    let relay = ScriptedRelay::plain().await;
    let ca = PrivateCa::new();
    let (why, ()) = tokio::join!(why_not(over_tls(&relay, Some(ca.file()))), relay.hang_up());
    assert!(why.contains("does the server speak TLS on this port"), "{why}");
}
