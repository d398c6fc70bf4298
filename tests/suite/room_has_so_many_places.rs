//! `member.peers`: who comes into a full room is refused, and has a place once there is one.

use std::time::Duration;

use crate::common::{
    daemon::Daemon,
    str0m_peer::{Options, Order, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn and_one_more_when_somebody_has_left() {
    let gateway = Daemon::configured("[[member]]\npeers = 2").await;
    let room = gateway.ws("/signal");
    let [one, two] = [Viewer::join(&room, Options::new("one")).await, Viewer::join(&room, Options::new("two")).await];
    tokio::join!(one.video(5), two.video(5));
    let three = Viewer::join(&room, Options::new("three")).await;
    gateway.wait_for_log("all 2 places are taken (member.peers) by peers (2)", Duration::from_secs(5)).await;
    drop(three);
    one.order(Order::Close);
    gateway.gone("one", Duration::from_secs(5)).await;
    let four = Viewer::join(&room, Options::new("four")).await;
    four.video(5).await;
    let frames = two.video(1).await.frames;
    two.video(frames + 10).await;
}
