//! The signalling client waits for a relay that is away, and comes back to one that returns.

use peergate::{
    ids::PeerId,
    relay,
    signal::{
        client::{Client, ClientEvent},
        message::{Envelope, Signal},
    },
};

use crate::common::{
    relay::Relay,
    signalling::{client, soon},
};

fn join(id: &str) -> Envelope {
    Envelope { from: PeerId::new(id).unwrap(), to: None, body: Signal::Join }
}

#[tokio::test]
async fn messages_reach_the_others_of_the_room() {
    let relay = Relay::start().await;
    let (ann, mut to_ann) = client(&relay.url("room"));
    let (ben, mut to_ben) = client(&relay.url("room"));
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Up));
    assert_eq!(soon(to_ben.recv()).await, Some(ClientEvent::Up));
    ann.send(join("ann"));
    assert_eq!(soon(to_ben.recv()).await, Some(ClientEvent::Message(join("ann"))));
    ben.send(join("ben"));
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Message(join("ben"))), "and not its own");
}

#[tokio::test]
async fn it_comes_back_when_the_relay_does() {
    let relay = Relay::start().await;
    let url = relay.url("room");
    let (ann, mut to_ann) = client(&url);
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Up));
    let address = relay.stop().await;
    assert_eq!(
        soon(to_ann.recv()).await,
        Some(ClientEvent::Down { why: "the relay closed the connection: the relay stops (1001)".into() })
    );
    let why = format!("nothing listens on {} port {}", address.ip(), address.port());
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Down { why }));
    let _relay = Relay::at(address, relay::Settings::default()).await;
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Up));
    let (_ben, mut to_ben) = client(&url);
    assert_eq!(soon(to_ben.recv()).await, Some(ClientEvent::Up));
    ann.send(join("fresh"));
    assert_eq!(soon(to_ben.recv()).await, Some(ClientEvent::Message(join("fresh"))));
}

#[tokio::test]
async fn a_relay_that_is_down_at_start_is_waited_for() {
    let relay = Relay::start().await;
    let url = relay.url("room");
    let address = relay.stop().await;
    let (_ann, mut to_ann) = client(&url);
    assert!(matches!(soon(to_ann.recv()).await, Some(ClientEvent::Down { .. })));
    let _relay = Relay::at(address, relay::Settings::default()).await;
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Up));
}

#[tokio::test]
async fn closing_says_goodbye_and_ends_the_events() {
    let relay = Relay::start().await;
    let (ann, mut to_ann): (Client, _) = client(&relay.url("room"));
    assert_eq!(soon(to_ann.recv()).await, Some(ClientEvent::Up));
    soon(ann.close()).await;
    assert_eq!(soon(to_ann.recv()).await, None);
}
