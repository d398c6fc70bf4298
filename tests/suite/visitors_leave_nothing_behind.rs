//! However members of a room go, the daemon holds no more than before they came. `./dev bench joins` lets a thousand come.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::common::{
    daemon::{Daemon, GATEWAY},
    held::Held,
    str0m_peer::{Options, Viewer},
    visit::{Manner, is_at_rest, visit},
};

/// Between one who comes and the next, for the machine's sake.
const BETWEEN: Duration = Duration::from_millis(100);

/// How long the last of it may take: threads of pools end, and memory goes back.
const REST: Duration = Duration::from_secs(30);
/// What the allocator may keep, in KiB.
const MORE_MEMORY: u64 = 5 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mixed_company_of_sixty() {
    let gateway = Daemon::gateway(&["--log", "info,peergate::memory=debug"]).await;
    // What a process keeps once it has been used: caches, pools, what was loaded.
    company(&gateway, 0..60).await;
    let before = Held::by(gateway.id());
    company(&gateway, 60..120).await;
    let after = before.again(gateway.id(), MORE_MEMORY, REST).await;
    assert!(after.threads <= before.threads && after.descriptors <= before.descriptors, "{before:?}, then {after:?}");
    assert!(after.memory <= before.memory + MORE_MEMORY, "{before:?}, then {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_is_killed_within_twenty_seconds() {
    let gateway = Daemon::gateway(&[]).await;
    let room = gateway.ws("/signal");
    // Source and encoder run for this one all the time.
    let watcher = Viewer::join(&room, Options::new("watcher").meeting(GATEWAY)).await;
    watcher.video(10).await;
    visit(&room, GATEWAY, 0, Manner::Polite).await;
    gateway.gone("visitor-0", Duration::from_secs(20)).await;
    let before = Held::by(gateway.id());
    visit(&room, GATEWAY, 1, Manner::Killed).await;
    let killed = Instant::now();
    assert!(Held::by(gateway.id()).threads > before.threads, "it costs something while it is there");
    let after = before.again(gateway.id(), u64::MAX, Duration::from_secs(20)).await;
    assert!(
        after.threads <= before.threads && after.descriptors <= before.descriptors,
        "{before:?}, and {:?} after it was killed {after:?}",
        killed.elapsed()
    );
}

/// Lets them come and go, and waits until everything has come to rest.
async fn company(gateway: &Daemon, numbers: std::ops::Range<usize>) {
    let mut visits = JoinSet::new();
    let mut turns = tokio::time::interval(BETWEEN);
    for number in numbers {
        turns.tick().await;
        let room = gateway.ws("/signal");
        visits.spawn(async move { visit(&room, GATEWAY, number, Manner::of(number)).await });
    }
    visits.join_all().await;
    gateway.wait_for_state(Duration::from_secs(40), is_at_rest).await;
    // Ten seconds after the last one has left; sources and encoders need but five.
    let times = || gateway.log().matches("free memory was given back").count();
    let (before, mut turns) = (times(), tokio::time::interval(BETWEEN));
    let given_back = async {
        while times() == before {
            turns.tick().await;
        }
    };
    assert!(tokio::time::timeout(REST, given_back).await.is_ok(), "{}", gateway.log());
}
