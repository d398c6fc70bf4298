//! Who comes late gets a keyframe at once, and does not wait for one.

use std::time::{Duration, Instant};

use peergate::codec::Codec;

use crate::common::studio::{Taker, lease, studio, test_sources};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_taker_gets_a_keyframe_with_one_of_the_next_frames() {
    let studio = studio(test_sources());
    for codec in [Codec::H264, Codec::Vp8] {
        let lease = lease(&studio, "picture", codec).await;
        let early = Taker::new(&lease.feed, || {});
        for _ in 0..45 {
            early.next().await;
        }
        let keyframes = lease.feed.counts().keyframes;
        assert_eq!(keyframes, 1, "{codec}: no keyframe that nobody asked for");
        let asked = Instant::now();
        let late = Taker::new(&lease.feed, || {});
        let first = late.next().await;
        assert!(first.keyframe, "{codec}");
        let waited = first.at - asked;
        assert!(waited < Duration::from_millis(150), "{codec}: waited {waited:?}, frames are 33 ms apart");
    }
    studio.stop().await;
}
