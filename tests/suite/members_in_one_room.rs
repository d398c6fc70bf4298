//! Members of one process in the same room: everybody else meets both, and they are not connected to each other.

use super::common::{
    gateway::{Gateway, member, of},
    relay::Relay,
};

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
