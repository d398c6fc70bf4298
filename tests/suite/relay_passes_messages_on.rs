//! The relay: each message goes to every other socket of the room, as it came.

use std::time::Duration;

use peergate::{
    relay::Settings,
    server::{Hosts, Origins},
};

use crate::common::{
    daemon::{Daemon, command},
    relay::Relay,
    signalling::soon,
    socket::{Socket, request},
};

#[tokio::test]
async fn text_and_bytes_go_to_all_others_as_they_came() {
    let relay = Relay::start().await;
    let (mut ann, mut ben, mut cat) =
        (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    ann.say("hello").await;
    ann.say_bytes(&[0, 255]).await;
    for socket in [&mut ben, &mut cat] {
        assert_eq!(soon(socket.hear()).await, "hello");
        assert_eq!(soon(socket.hear_bytes()).await, [0, 255]);
    }
    ben.say("and back").await;
    for socket in [&mut ann, &mut cat] {
        assert_eq!(soon(socket.hear()).await, "and back", "the first that ann hears: not her own");
    }
}

#[tokio::test]
async fn rooms_hear_nothing_of_each_other() {
    let relay = Relay::start().await;
    let rooms = [relay.url("a"), relay.url("b"), relay.url("A"), relay.url("").trim_end_matches('/').to_owned()];
    let mut pairs = Vec::new();
    for url in &rooms {
        pairs.push((Socket::open(url).await, Socket::open(url).await));
    }
    for ((speaker, _), url) in pairs.iter_mut().zip(&rooms) {
        speaker.say(url).await;
    }
    for ((_, listener), url) in pairs.iter_mut().zip(&rooms) {
        assert_eq!(soon(listener.hear()).await, *url, "the first that it hears is its own room's");
    }
    for ((speaker, listener), _) in pairs.iter_mut().zip(&rooms) {
        speaker.say("last").await;
        assert_eq!(soon(listener.hear()).await, "last", "and nothing came in between");
    }
}

#[tokio::test]
async fn a_room_s_name_is_short_and_plain() {
    let relay = Relay::start().await;
    let mut fits = Socket::open(&relay.url(&"x".repeat(64))).await;
    fits.say("hello").await;
    for name in ["x".repeat(65), "a%2Fb".into(), "%00".into(), "gr%C3%BCn".into()] {
        let mut socket = Socket::open(&relay.url(&name)).await;
        let (code, reason) = soon(socket.closed()).await;
        assert_eq!(code, 1008, "{name}");
        assert_eq!(reason, "a room's name has at most 64 of A-Z a-z 0-9 _ . ~ -");
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_not_enter() {
    let relay = Relay::start().await;
    let own = relay.url("").replace("ws://", "http://").replace("/signal/", "");
    assert_eq!(request(&relay.url("a"), &[("origin", &own)]).await, 101);
    assert_eq!(request(&relay.url("a"), &[]).await, 101, "programs have no origin");
    for origin in ["https://evil.example", "http://localhost", "http://127.0.0.1", "null"] {
        assert_eq!(request(&relay.url("a"), &[("origin", origin)]).await, 403, "{origin}");
        assert_eq!(request(relay.url("").trim_end_matches('/'), &[("origin", origin)]).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn pages_of_origins_in_the_configuration_may_enter() {
    let origins = Origins::new(["https://page.example".to_owned()]);
    let relay = Relay::with(Settings { origins, ..Settings::default() }).await;
    assert_eq!(request(&relay.url("a"), &[("origin", "https://page.example")]).await, 101);
    assert_eq!(request(&relay.url("a"), &[("origin", "https://evil.example")]).await, 403);
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_not_answered_to() {
    let hosts = Hosts::new(["camera.example".to_owned()]);
    let relay = Relay::with(Settings { hosts, ..Settings::default() }).await;
    let rebound = [("host", "evil.example"), ("origin", "http://evil.example")];
    assert_eq!(request(&relay.url("a"), &rebound).await, 421);
    let named = [("host", "camera.example"), ("origin", "http://camera.example")];
    assert_eq!(request(&relay.url("a"), &named).await, 101);
}

#[tokio::test]
async fn the_relay_alone_does_the_same_and_says_goodbye() {
    let mut alone = Daemon::start(command(&["relay", "--listen", "127.0.0.1:0"])).await;
    let url = alone.ws("/signal/a");
    let (mut ann, mut ben) = (Socket::open(&url).await, Socket::open(&url).await);
    ann.say("hello").await;
    assert_eq!(soon(ben.hear()).await, "hello");
    let page = reqwest::get(alone.http("/")).await.unwrap().status();
    assert_eq!(page.as_u16(), 404, "there is nothing else");
    alone.signal("TERM");
    for socket in [&mut ann, &mut ben] {
        assert_eq!(soon(socket.closed()).await, (1001, "the relay stops".to_owned()));
    }
    assert_eq!(alone.ended(Duration::from_secs(10)).await.code(), Some(0));
}
