//! Several members in one process: each in its room, one encoder for all, and never connected to each other.

use super::common::{
    gateway::{Gateway, member, of},
    relay::Relay,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_encoder_serves_all_rooms() {
    let relay = Relay::start().await;
    let (garden, street) = (relay.url("garden"), relay.url("street"));
    let house = Gateway::start(vec![member("to garden", &garden), member("to street", &street)]);
    let gardener = Gateway::start(vec![member("gardener", &garden)]);
    let passer = Gateway::start(vec![member("passer", &street)]);
    gardener.sees("gardener", "to garden").await;
    passer.sees("passer", "to street").await;
    let state = house.state();
    assert_eq!(of(&state, "to garden").peers.len(), 1);
    assert_eq!(of(&state, "to street").peers.len(), 1);
    house
        .until("two take from each encoder", |state| {
            let takers: Vec<usize> = state.encoders.iter().map(|encoder| encoder.takers).filter(|n| *n > 0).collect();
            (takers == [2, 2]).then_some(())
        })
        .await;
    for gateway in [house, gardener, passer] {
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_in_the_same_room_leave_each_other_alone() {
    let relay = Relay::start().await;
    let garden = relay.url("garden");
    let house = Gateway::start(vec![member("door", &garden), member("window", &garden)]);
    let gardener = Gateway::start(vec![member("gardener", &garden)]);
    gardener.sees("gardener", "door").await;
    gardener.sees("gardener", "window").await;
    for own in ["door", "window"] {
        house.sees(own, "gardener").await;
        let state = house.state();
        let peers: Vec<&str> = of(&state, own).peers.iter().map(|peer| peer.id.as_str()).collect();
        assert_eq!(peers, ["gardener"]);
    }
    for gateway in [house, gardener] {
        gateway.stop().await;
    }
}
