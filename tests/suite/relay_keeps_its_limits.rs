//! Each limit of the relay: what happens at it, and that the others go on.

use std::time::Instant;

use peergate::relay::{Limits, Settings};

use crate::common::{relay::Relay, signalling::soon, socket::Socket};

async fn relay(limits: Limits) -> Relay {
    Relay::with(Settings { limits, ..Settings::default() }).await
}

async fn refused(url: &str) -> (u16, String) {
    soon(Socket::open(url).await.closed()).await
}

#[tokio::test]
async fn a_message_of_256_kib_goes_through_and_a_longer_one_ends_its_socket() {
    let relay = Relay::start().await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    let longest = "x".repeat(256 * 1024);
    ann.say(&longest).await;
    assert_eq!(soon(ben.hear()).await, longest);
    ann.say(&"x".repeat(256 * 1024 + 1)).await;
    let (code, reason) = soon(ann.closed()).await;
    assert_eq!((code, reason.as_str()), (1009, "expected messages of at most 262144 bytes, got one of 262145"));
    let mut cat = Socket::open(&relay.url("a")).await;
    cat.say("still here").await;
    assert_eq!(soon(ben.hear()).await, "still here", "the longer one was not passed on");
}

#[tokio::test]
async fn a_message_without_end_is_cut_off() {
    let relay = relay(Limits { message_bytes: 1000, ..Limits::default() }).await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    ann.say(&"x".repeat(100_000)).await;
    soon(ann.ended()).await;
    let mut cat = Socket::open(&relay.url("a")).await;
    cat.say("still here").await;
    assert_eq!(soon(ben.hear()).await, "still here");
}

#[tokio::test]
async fn one_who_sends_too_fast_is_read_more_slowly_and_nothing_is_lost() {
    let relay = relay(Limits { messages_per_second: 100, burst: 10, ..Limits::default() }).await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    let start = Instant::now();
    for number in 0..60 {
        ann.say(&number.to_string()).await;
    }
    for number in 0..60 {
        assert_eq!(soon(ben.hear()).await, number.to_string());
    }
    // 10 at once, then 50 at 100/s, of which the last waits for 490 ms.
    assert!(start.elapsed().as_millis() >= 480, "{:?}", start.elapsed());
}

#[tokio::test]
async fn one_who_does_not_read_is_put_out_while_the_others_go_on() {
    let relay = relay(Limits { queued_bytes: 1024 * 1024, ..Limits::default() }).await;
    let (mut ann, mut ben, mut slow) =
        (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    let big = "x".repeat(200_000);
    // More than the kernel's buffers and the queue hold together.
    for number in 0..100 {
        let message = format!("{number} {big}");
        ann.say(&message).await;
        assert_eq!(soon(ben.hear()).await, message);
    }
    let mut heard = 0;
    while soon(slow.next()).await.is_some() {
        heard += 1;
    }
    assert!(heard < 100, "it was put out before it had all");
}

#[tokio::test]
async fn a_room_has_places_for_so_many_and_they_come_free() {
    let relay = relay(Limits { sockets_per_room: 2, ..Limits::default() }).await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    ann.say("hello").await;
    assert_eq!(soon(ben.hear()).await, "hello");
    assert_eq!(refused(&relay.url("a")).await, (1013, "the room is full: it has 2 sockets".to_owned()));
    let mut elsewhere = Socket::open(&relay.url("b")).await;
    elsewhere.say("room enough").await;

    ben.close().await;
    let mut cat = Socket::open(&relay.url("a")).await;
    ann.say("welcome").await;
    assert_eq!(soon(cat.hear()).await, "welcome");
}

#[tokio::test]
async fn there_are_so_many_rooms() {
    let relay = relay(Limits { rooms: 1, ..Limits::default() }).await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    ann.say("hello").await;
    assert_eq!(soon(ben.hear()).await, "hello");
    assert_eq!(refused(&relay.url("b")).await, (1013, "the relay is full: it has 1 rooms".to_owned()));
}

#[tokio::test]
async fn there_are_so_many_sockets() {
    let relay = relay(Limits { sockets: 2, ..Limits::default() }).await;
    let (mut ann, mut ben) = (Socket::open(&relay.url("a")).await, Socket::open(&relay.url("a")).await);
    ann.say("hello").await;
    assert_eq!(soon(ben.hear()).await, "hello");
    assert_eq!(refused(&relay.url("b")).await, (1013, "the relay is full: it has 2 sockets".to_owned()));
}
