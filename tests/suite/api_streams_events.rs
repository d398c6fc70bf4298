//! `GET /api/events`: what happens, as it happens.

use peergate::{
    ids::{MemberKey, PeerId},
    report::{Event, Message},
};
use serde_json::json;

use crate::common::{control::Control, follower::Follower, signalling::soon};

fn id(text: &str) -> PeerId {
    PeerId::new(text).unwrap()
}

fn joined(peer: &str) -> Event {
    Event::PeerJoined { member: id("door"), peer: id(peer) }
}

#[tokio::test]
async fn each_event_is_one_of_the_stream() {
    let control = Control::start().await;
    let (mut first, mut second) = (Follower::of(control.address).await, Follower::of(control.address).await);
    control.events.send(joined("ann")).unwrap();
    let message = Message::Text { text: "two\nlines".into() };
    control.events.send(Event::Message { key: MemberKey(0), member: id("door"), peer: id("ann"), message }).unwrap();
    for follower in [&mut first, &mut second] {
        let (kind, data) = soon(follower.next()).await.unwrap();
        assert_eq!((kind.as_str(), data), ("peer_joined", json!({"event": "peer_joined", "member": "door", "peer": "ann"})));
        let (kind, data) = soon(follower.next()).await.unwrap();
        assert_eq!(kind, "message");
        assert_eq!(data["text"], "two\nlines");
    }
}

#[tokio::test]
async fn one_who_does_not_keep_up_is_told_how_many_it_lost() {
    let control = Control::start().await;
    let mut follower = Follower::of(control.address).await;
    // More than the test's channel holds (4), at once: the server's task gets no turn in between.
    for number in 0..10 {
        control.events.send(joined(&format!("peer{number}"))).unwrap();
    }
    let (kind, data) = soon(follower.next()).await.unwrap();
    assert_eq!((kind.as_str(), data), ("lost", json!({"event": "lost", "count": 6})));
    let (_, data) = soon(follower.next()).await.unwrap();
    assert_eq!(data["peer"], "peer6");
}

#[tokio::test]
async fn the_stream_ends_when_the_server_stops() {
    let control = Control::start().await;
    let mut follower = Follower::of(control.address).await;
    soon(control.stop()).await;
    assert_eq!(soon(follower.next()).await, None);
}
