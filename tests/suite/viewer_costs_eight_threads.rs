//! What a viewer who only looks costs in threads. A room of a hundred is felt by a small box.

use std::time::Duration;

use crate::common::{
    daemon::{Daemon, GATEWAY, is_connected},
    str0m_peer::{Options, Order, Viewer},
};

const EACH: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn and_gives_them_back() {
    let gateway = Daemon::gateway(&[]).await;
    let _first = looks_on(&gateway, "first").await;
    let before = settled(&gateway).await;
    let ids = ["second", "third", "fourth", "fifth"];
    let mut more = Vec::new();
    for id in ids {
        more.push(looks_on(&gateway, id).await);
    }
    let with_more = settled(&gateway).await;
    assert!(with_more <= before + EACH * ids.len(), "{before} threads have become {with_more}: {:?}", gateway.threads());
    let frames = more[0].video(1).await.frames;
    let video = more[0].video(frames + 60).await;
    assert_eq!(video.gaps, 0, "{video:?}");
    for viewer in &more {
        viewer.order(Order::Close);
    }
    for id in ids {
        gateway.gone(id, Duration::from_secs(10)).await;
    }
    let after = settled(&gateway).await;
    assert!(after <= before, "{before} threads have become {after}: {:?}", gateway.threads());
}

/// A viewer who is connected and sees something.
async fn looks_on(gateway: &Daemon, id: &'static str) -> Viewer {
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new(id).meeting(GATEWAY)).await;
    viewer.video(10).await;
    viewer.channel().await;
    gateway.peer(id, is_connected).await;
    viewer
}

/// How many threads it has, once that has not changed for a second: some are needed to connect only. Tokio keeps its own
/// for 10 s when they are done.
async fn settled(gateway: &Daemon) -> usize {
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let (mut last, mut times) = (0, 0);
    let settling = tokio::time::timeout(Duration::from_secs(20), async {
        while times < 10 {
            turns.tick().await;
            let now = gateway.threads().iter().filter(|name| *name != "tokio-rt-worker").count();
            (last, times) = if now == last { (now, times + 1) } else { (now, 0) };
        }
    });
    assert!(settling.await.is_ok(), "the number of threads goes up and down: {:?}", gateway.threads());
    last
}
