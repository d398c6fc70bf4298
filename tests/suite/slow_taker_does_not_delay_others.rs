//! A taker that blocks gets a thread of its own; the others see nothing of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use peergate::{codec::Codec, media::tap::Delivery};

use crate::common::studio::{Taken, Taker, lease, studio, test_sources};

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
    let mut all = Vec::new();
    for _ in 0..90 {
        all.push(time_of(&quick.next().await));
    }
    assert_eq!(slow.tap.delivery(), Delivery::Threaded);
    // Fewer, where a busy machine had made it look slow before.
    assert!(held_up.load(Ordering::Relaxed) <= 3, "it held up the feed three times, not {held_up:?}");
    assert!(slow.tap.counts().dropped > 0, "what it could not take was dropped and counted");
    assert_eq!(quick.tap.counts().dropped, 0);

    hangs.store(false, Ordering::Relaxed);
    let mut last = all[0];
    let after_gap = loop {
        let taken = slow.next().await;
        let time = time_of(&taken);
        while all.last().is_some_and(|&seen| seen < time) {
            all.push(time_of(&quick.next().await));
        }
        if all.iter().any(|&between| last < between && between < time) {
            break taken;
        }
        last = time;
    };
    assert!(after_gap.keyframe, "a keyframe after the gap");
    last = time_of(&after_gap);
    // Ten seconds without falling behind, by the frames' own clock; more where a busy machine makes it.
    for _ in 0..900 {
        let taken = slow.next().await;
        if slow.tap.delivery() == Delivery::Direct {
            assert!(time_of(&taken) > last, "no frame overtakes another");
            studio.stop().await;
            return;
        }
        last = time_of(&taken);
    }
    panic!("it keeps up, and still has a thread of its own");
}

fn time_of(frame: &Taken) -> gst::ClockTime {
    frame.buffer.pts().unwrap()
}

/// Whether this is the thread that feeds all takers; a tap's own is named `tap`.
fn is_feed_thread() -> bool {
    std::thread::current().name() != Some("tap")
}
