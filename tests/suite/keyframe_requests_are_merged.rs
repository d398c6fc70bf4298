//! Many peers that ask for keyframes get few, and each of them gets one.

use std::time::{Duration, Instant};

use gst::prelude::*;
use peergate::codec::Codec;

use crate::common::studio::{Taker, lease, studio, test_sources};

#[tokio::test(flavor = "multi_thread")]
async fn ten_takers_that_lose_pictures_all_the_time_get_two_keyframes_a_second() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let takers: Vec<_> = (0..10).map(|_| Taker::new(&lease.feed, || {})).collect();
    for taker in &takers {
        assert!(taker.next().await.keyframe);
    }
    let (before, begun) = (lease.feed.counts(), Instant::now());
    while begun.elapsed() < Duration::from_secs(3) {
        takers[0].next().await;
        for taker in &takers {
            taker.ask_for_keyframe();
        }
    }
    let after = lease.feed.counts();
    let (requests, keyframes) =
        (after.keyframe_requests - before.keyframe_requests, after.keyframes - before.keyframes);
    assert!((5..=7).contains(&requests), "one in 500 ms, got {requests} requests in 3 s");
    assert!((5..=7).contains(&keyframes), "a keyframe for each request, got {keyframes} in 3 s");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_takers_that_come_together_share_a_keyframe() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    let early = Taker::new(&lease.feed, || {});
    for _ in 0..20 {
        early.next().await;
    }
    let before = lease.feed.counts().keyframes;
    let takers: Vec<_> = (0..20).map(|_| Taker::new(&lease.feed, || {})).collect();
    for taker in &takers {
        assert!(taker.next().await.keyframe);
    }
    let keyframes = lease.feed.counts().keyframes - before;
    assert!((1..=2).contains(&keyframes), "one, or two when a frame passed while they came; got {keyframes}");
    studio.stop().await;
}

impl Taker {
    fn ask_for_keyframe(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        assert!(self.sink.push_event(event), "the tap takes the request");
    }
}
