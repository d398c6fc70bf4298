//! Two gateways in one room: each sees and hears the other, they exchange messages, and part.

use peergate::{
    gateway::command::CommandError,
    report::{Event, Message},
};

use super::common::{
    gateway::{Gateway, member, peer_id, seen},
    relay::Relay,
};

async fn met(relay: &Relay) -> (Gateway, Gateway) {
    let url = relay.url("garden");
    // At once, so that both may offer.
    let front = Gateway::start(vec![member("front", &url)]);
    let back = Gateway::start(vec![member("back", &url)]);
    front.sees("front", "back").await;
    back.sees("back", "front").await;
    (front, back)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_and_hears_the_other() {
    let relay = Relay::start().await;
    let (front, back) = met(&relay).await;
    for (gateway, own) in [(&front, "front"), (&back, "back")] {
        let state = gateway.state();
        assert_eq!(state.members[0].peers.len(), 1, "one connection, {own}: {state:#?}");
        let encoding = state.encoders.iter().filter(|encoder| encoder.takers > 0);
        assert_eq!(encoding.map(|encoder| encoder.takers).collect::<Vec<_>>(), [1, 1], "{own}: {state:#?}");
    }
    front.stop().await;
    back.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_to_one_and_to_all() {
    let relay = Relay::start().await;
    let (front, mut back) = met(&relay).await;
    let open = |own: &'static str, peer: &'static str| {
        move |state: &_| seen(state, own, peer)?.channel.as_ref().filter(|channel| channel.open).map(drop)
    };
    front.until("the channel is open", open("front", "back")).await;
    back.until("the channel is open", open("back", "front")).await;
    assert_eq!(front.send(Some("back"), "to you").await, Ok(1));
    assert_eq!(front.send(None, "to all").await, Ok(1));
    for expected in ["to you", "to all"] {
        let message = back
            .event("a message", |event| match event {
                Event::Message { member, peer, message, .. } => {
                    assert_eq!((member.as_str(), peer.as_str()), ("back", "front"));
                    Some(message)
                }
                _ => None,
            })
            .await;
        assert_eq!(message, Message::Text { text: expected.to_owned() });
    }
    assert_eq!(front.send(Some("nobody"), "?").await, Err(CommandError::NoSuchPeer(peer_id("nobody"))));
    assert!(matches!(front.send(Some("back"), "").await, Err(CommandError::Unsendable(_))));
    front.stop().await;
    back.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_closed_is_gone_on_both_sides() {
    let relay = Relay::start().await;
    let (front, mut back) = met(&relay).await;
    assert_eq!(front.close("back").await, Ok(()));
    front.until("the peer is gone", |state| state.members[0].peers.is_empty().then_some(())).await;
    let why = back
        .event("the peer is gone", |event| match event {
            Event::PeerClosed { why, .. } => Some(why),
            _ => None,
        })
        .await;
    assert_eq!(why, "the peer closed the connection");
    assert_eq!(front.close("back").await, Err(CommandError::NoSuchPeer(peer_id("back"))));
    front.stop().await;
    back.stop().await;
}
