//! Connections that came and went hold no thread and no descriptor any more.

use std::time::{Duration, Instant};

use peergate::{
    connection::{CloseReason, PeerCommand},
    media::clockwork::Clockwork,
};

use crate::common::peers::{Pair, Setup, closed, studio, tracks};

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

async fn come_and_go(clockwork: &Clockwork, studio: &peergate::studio::Studio, round: u64) {
    let offerer = Setup::new(tracks(studio)).start("answerer", 2 * round, clockwork);
    let answerer = Setup::new(tracks(studio)).start("offerer", 2 * round + 1, clockwork);
    let mut pair = Pair::new(offerer, answerer);
    pair.connect().await;
    pair.offerer.peer.tell(PeerCommand::Close(CloseReason::Asked("the round is over".to_owned()))).unwrap();
    pair.run_until("both are closed", |pair| closed(&pair.from_offerer).is_some() && closed(&pair.from_answerer).is_some())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_descriptors_return_to_where_they_were() {
    peergate::media::elements::start().unwrap();
    let clockwork = Clockwork::start();
    let studio = studio(&clockwork);
    // What a process keeps once it has been used: thread pools, the encoders (they stop a while after the
    // last taker), sockets of name resolution.
    for round in 1..4 {
        come_and_go(&clockwork, &studio, round).await;
    }
    let (threads, descriptors) = (entries("/proc/self/task"), entries("/proc/self/fd"));
    for round in 4..12 {
        come_and_go(&clockwork, &studio, round).await;
    }
    // Pool threads end by themselves after some seconds of idleness; they may also have grown by one or two.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let now = (entries("/proc/self/task"), entries("/proc/self/fd"));
        if now.0 <= threads && now.1 <= descriptors {
            break;
        }
        assert!(Instant::now() < deadline, "threads and descriptors were {threads}, {descriptors} and are {now:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
