//! The relay goes and comes back: who is connected stays connected, who comes meanwhile is met.

use peergate::{codec::MediaKind, relay, report::RelayState};

use super::common::{
    gateway::{Gateway, frames, member, of, seen},
    relay::Relay,
};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_connected_stays_connected() {
    let relay = Relay::start().await;
    let url = relay.url("garden");
    let front = Gateway::start(vec![member("front", &url)]);
    let back = Gateway::start(vec![member("back", &url)]);
    let before = front.sees("front", "back").await;
    back.sees("back", "front").await;

    let address = relay.stop().await;
    front.relay_is("front", false).await;
    back.relay_is("back", false).await;
    let RelayState::Away { why, .. } = of(&front.state(), "front").relay.clone() else { panic!("away") };
    assert!(!why.is_empty());
    flows_on(&front, "front", "back").await;

    let relay = Relay::at(address, relay::Settings::default()).await;
    front.relay_is("front", true).await;
    back.relay_is("back", true).await;
    // Who meets a third has heard all that came before it.
    let third = Gateway::start(vec![member("third", &url)]);
    third.sees("third", "front").await;
    third.sees("third", "back").await;
    flows_on(&front, "front", "back").await;
    let after = seen(&front.state(), "front", "back").cloned().expect("it is there");
    assert_eq!(after.since, before.since, "it is still the same connection");
    for gateway in [front, back, third] {
        gateway.stop().await;
    }
    drop(relay);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_at_start_is_waited_for() {
    let relay = Relay::start().await;
    let url = relay.url("garden");
    let address = relay.stop().await;
    let front = Gateway::start(vec![member("front", &url)]);
    let back = Gateway::start(vec![member("back", &url)]);
    front
        .until("the reason is shown", |state| match &of(state, "front").relay {
            RelayState::Away { why, .. } => why.contains("nothing listens").then_some(()),
            RelayState::Connected { .. } => None,
        })
        .await;
    let relay = Relay::at(address, relay::Settings::default()).await;
    front.sees("front", "back").await;
    back.sees("back", "front").await;
    front.stop().await;
    back.stop().await;
    drop(relay);
}

/// More pictures come from `peer` than have come.
async fn flows_on(gateway: &Gateway, own: &str, peer: &str) {
    let count = |state: &_| seen(state, own, peer).map(|peer| frames(peer, MediaKind::Video));
    let so_far = count(&gateway.state()).expect("it is there");
    gateway.until("more pictures", |state| (count(state)? > so_far + 30).then_some(())).await;
}
