//! Who comes late gets a keyframe at once, and does not wait for one.

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::studio::{Taken, Taker, lease, studio, test_sources};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_taker_gets_a_keyframe_with_one_of_the_next_frames() {
    let studio = studio(test_sources());
    for codec in [Codec::H264, Codec::Vp8] {
        let lease = lease(&studio, "picture", codec).await;
        let early = Taker::new(&lease.feed, || {});
        let mut last = early.next().await;
        for _ in 0..45 {
            last = early.next().await;
        }
        assert_eq!(lease.feed.counts().keyframes, 1, "{codec}: no keyframe that nobody asked for");
        let late = Taker::new(&lease.feed, || {});
        // What had come before it asked.
        while let Some(taken) = early.poll(Duration::ZERO).await {
            last = taken;
        }
        let first = late.next().await;
        assert!(first.keyframe, "{codec}");
        // By the frames' own clock: what a busy machine adds is not the feed's doing.
        let waited = first.buffer.pts().unwrap().saturating_sub(last.buffer.pts().unwrap());
        // On an idle machine it is the third frame at the latest; a busy one has some waiting for the encoder.
        assert!(waited <= gst::ClockTime::from_mseconds(340), "{codec}: waited {waited}, frames are 33 ms apart");
    }
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_sent_packets_begins_with_the_last_keyframe_if_that_is_recent() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let early = Taker::new(&lease.packets, || {});
    let mut shared = 0;
    // A busy machine may be too slow for some of them.
    for _ in 0..10 {
        let Some(keyframe) = next_keyframe(&early).await else { continue };
        let before = lease.feed.counts().keyframes;
        let late = Taker::at_once(&lease.packets);
        let (first, second) = (late.next().await, late.next().await);
        assert!(first.keyframe && !second.keyframe);
        let apart = second.buffer.pts().unwrap() - first.buffer.pts().unwrap();
        assert!(apart < gst::ClockTime::from_mseconds(50), "nothing is missing behind it: {apart}");
        let same = first.buffer.pts() == keyframe.buffer.pts();
        assert!(same || first.buffer.pts() > keyframe.buffer.pts());
        shared += u32::from(same && lease.feed.counts().keyframes == before);
        assert_eq!(early.tap.counts().dropped, 0);
        // The next one has to come without being asked for by who takes already.
        let _another = Taker::new(&lease.packets, || {});
        early.next().await;
    }
    assert!(shared > 0, "none of ten began with the keyframe that others had had");
    studio.stop().await;
}

async fn next_keyframe(taker: &Taker) -> Option<Taken> {
    for _ in 0..60 {
        let taken = taker.next().await;
        if taken.keyframe {
            return Some(taken);
        }
    }
    None
}
