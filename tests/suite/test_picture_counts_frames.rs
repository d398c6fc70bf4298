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
        let begun = Instant::now();
        let (mut last, mut flashes) = (first.clone(), Vec::new());
        for _ in 0..90 {
            let picture = pictures.next().await;
            let number = picture.number().expect("a number in each picture");
            assert_eq!(number, last.number().unwrap() + 1, "{codec}: one after the other");
            // The flash: left, above the strip.
            if picture.at(5, 190) > 200 && last.at(5, 190) < 50 {
                flashes.push(number);
            }
            last = picture;
        }
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(2700) && took < Duration::from_millis(3600), "90 frames in {took:?}");
        assert!(flashes.len() >= 2 && flashes.iter().all(|number| number % 30 == 0), "{codec}: {flashes:?}");
    }
    studio.stop().await;
}
