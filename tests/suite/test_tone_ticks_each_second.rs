//! The test tone: 440 Hz, and a tick at each full second, when the picture flashes.

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::{
    decode::Samples,
    studio::{lease, studio, test_sources},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_tone_is_there_and_ticks_at_each_full_second() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "tone", Codec::Opus).await;
    let samples = Samples::of(&lease.feed).await;
    let sound = samples.next(Duration::from_secs(4)).await;
    let (tone, level) = (sound.strength(440.0), sound.level());
    assert!((0.2..0.3).contains(&tone), "440 Hz at a quarter of full scale, got {tone}");
    assert!((0.14..0.25).contains(&level), "its level, got {level}");
    let ticks = sound.onsets(1000.0, 0.25);
    assert!((3..=4).contains(&ticks.len()), "a tick each second, got them at {ticks:?}");
    for tick in ticks {
        let off = (tick.as_secs_f64() + 0.5).fract() - 0.5;
        assert!(off.abs() < 0.03, "at the full second, got {tick:?}");
    }
    studio.stop().await;
}
