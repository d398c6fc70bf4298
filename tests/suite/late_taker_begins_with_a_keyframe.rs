//! Who comes late gets a keyframe at once, and does not wait for one.

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::studio::{Taker, lease, studio, test_sources};

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
