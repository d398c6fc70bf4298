//! A taker that blocks gets a thread of its own; the others see nothing of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use peergate::{codec::Codec, media::tap::Delivery};

use crate::common::studio::{Taker, lease, studio, test_sources};

#[tokio::test(flavor = "multi_thread")]
async fn a_taker_that_hangs_is_moved_aside_and_comes_back_with_a_keyframe() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let quick = Taker::new(&lease.feed, || {});
    let (hangs, held_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (hanging, counted) = (hangs.clone(), held_up.clone());
    let slow = Taker::new(&lease.feed, move || {
        while hanging.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(60));
            if is_feed_thread() {
                counted.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    });
    quick.next().await;
    slow.next().await;

    hangs.store(true, Ordering::Relaxed);
    // Three seconds: the slow taker's queue holds two.
    for _ in 0..90 {
        quick.next().await;
    }
    assert_eq!(slow.tap.delivery(), Delivery::Threaded);
    // None, where a busy machine had made it look slow before.
    assert!(held_up.load(Ordering::Relaxed) <= 1, "it held up the feed once, not {held_up:?} times");
    assert!(slow.tap.counts().dropped > 0, "what it could not take was dropped and counted");
    assert_eq!(quick.tap.counts().dropped, 0);

    hangs.store(false, Ordering::Relaxed);
    let mut last = slow.next().await;
    for _ in 0..150 {
        let taken = slow.next().await;
        let gap = taken.buffer.pts().unwrap() - last.buffer.pts().unwrap();
        if gap.mseconds() > 50 {
            assert!(taken.keyframe, "a keyframe after the gap");
            studio.stop().await;
            return;
        }
        last = taken;
    }
    panic!("no gap, though frames were dropped");
}

/// Whether this is the thread that feeds all takers; a tap's own is named `tap`.
fn is_feed_thread() -> bool {
    std::thread::current().name() != Some("tap")
}
