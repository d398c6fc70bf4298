//! The test picture holds its frame number for machines, and flashes each second.

use std::time::{Duration, Instant};

use peergate::codec::Codec;

use crate::common::{
    decode::Pictures,
    studio::{lease, studio, test_sources},
};

#[tokio::test(flavor = "multi_thread")]
async fn numbers_go_up_by_one_at_the_rate_of_the_source() {
    let studio = studio(test_sources());
    for codec in [Codec::H264, Codec::Vp8] {
        let lease = lease(&studio, "picture", codec).await;
        let pictures = Pictures::of(&lease.feed).await;
        let first = pictures.find(|picture| picture.number().is_some()).await;
        let (begun, mut last) = (Instant::now(), first);
        for _ in 0..90 {
            let picture = pictures.next().await;
            let number = picture.number().expect("a number in each picture");
            // Frames that a busy machine left out were counted, and had their time.
            let passed = ((picture.time - last.time).as_secs_f64() * 30.0).round();
            assert_eq!(f64::from(number - last.number().unwrap()), passed, "{codec}: one number each 30th of a second");
            assert!(passed >= 1.0, "{codec}: each picture is a new one");
            // The flash: left, above the strip, for the first tenth of each second.
            let flashes = picture.at(5, 190) > 150;
            assert_eq!(flashes, number % 30 < 3, "{codec}: picture {number}");
            last = picture;
        }
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(2700), "{codec}: 90 frames in {took:?}");
    }
    studio.stop().await;
}
