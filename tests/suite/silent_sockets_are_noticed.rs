//! A network that is lost says nothing: both ends of a signalling connection notice by themselves. In
//! virtual time.

use std::time::Duration;

use peergate::{
    relay::{Limits, Settings},
    signal::client::{Client, ClientEvent},
};
use tokio::time::{self, Instant};
use tokio_tungstenite::tungstenite::Message;

use crate::common::{
    relay::Relay,
    scripted_relay::ScriptedRelay,
    signalling::{settings, soon},
    socket::Socket,
};

#[tokio::test]
async fn the_client_notices_a_relay_that_went_silent() {
    let relay = ScriptedRelay::plain().await;
    let (_client, mut events) = Client::start(settings(&format!("ws://{}/", relay.address())));
    let _silent = soon(relay.let_in()).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    time::pause();
    let start = Instant::now();
    let why = "nothing heard of the relay for 45 s, not even an answer to a ping".into();
    assert_eq!(events.recv().await, Some(ClientEvent::Down { why }));
    assert!(start.elapsed() <= Duration::from_secs(46), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_relay_that_only_answers_pings_is_there() {
    let relay = ScriptedRelay::plain().await;
    let (_client, mut events) = Client::start(settings(&format!("ws://{}/", relay.address())));
    let mut quiet = soon(relay.let_in()).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    time::pause();
    for _ in 0..6 {
        assert!(matches!(quiet.hear().await, Some(Message::Ping(_))), "a ping every 20 s");
    }
    assert!(events.try_recv().is_err(), "it is still up after two minutes");
}

#[tokio::test]
async fn the_relay_gives_the_place_of_a_silent_socket_to_another() {
    let limits = Limits { sockets: 1, ..Limits::default() };
    let relay = Relay::with(Settings { limits, ..Settings::default() }).await;
    let _silent = Socket::open(&relay.url("a")).await;
    let (code, _) = Socket::open(&relay.url("a")).await.closed().await;
    assert_eq!(code, 1013, "there is no other place");
    time::pause();
    time::sleep(Duration::from_secs(50)).await;
    time::resume();
    let mut next = Socket::open(&relay.url("a")).await;
    next.say("hello").await;
    next.close().await;
}
