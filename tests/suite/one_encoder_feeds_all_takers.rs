//! A source is captured and encoded once, whoever takes it.

use peergate::{codec::Codec, report::Condition};

use crate::common::studio::{Taker, lease, studio, test_sources};

#[tokio::test(flavor = "multi_thread")]
async fn each_codec_has_one_encoder_that_feeds_every_taker() {
    let studio = studio(test_sources());
    for (source, codec) in [("picture", Codec::H264), ("picture", Codec::Vp8), ("tone", Codec::Opus)] {
        let leases = [lease(&studio, source, codec).await, lease(&studio, source, codec).await];
        let takers: Vec<_> = leases.iter().map(|lease| Taker::new(&lease.feed, || {})).collect();
        let mut first = Vec::new();
        for taker in &takers {
            let taken = taker.next().await;
            assert!(taken.keyframe, "{codec}: a taker begins with a keyframe");
            first.push(taken.buffer);
            for _ in 0..30 {
                taker.next().await;
            }
        }
        assert_eq!(first[0].as_ptr(), first[1].as_ptr(), "{codec}: the very same buffer, not a copy");
        let mut state = studio.state();
        let state = state
            .wait_for(|state| state.encoders.iter().any(|encoder| encoder.codec == codec && encoder.frames > 30))
            .await
            .unwrap()
            .clone();
        let encoder = state.encoders.iter().find(|encoder| encoder.codec == codec).unwrap();
        assert_eq!((encoder.takers, &encoder.condition), (2, &Condition::Running));
    }
    studio.stop().await;
}
