//! A daemon that is killed, at whatever moment, loses the last second of a recording at most. What is left is mended by the
//! next start, plays to its end, and is what its manifest says.
//!
//! A hundred times, by hand, with what was lost each time:
//! `KILLS=100 ./dev in-lab cargo test --test suite recording_survives_kill -- --nocapture`

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::{
    camera::Camera, cut_off, daemon::Daemon, flash_and_beep::FlashAndBeep, recordings::Recordings,
};

/// How many times it is killed, unless the environment says another number.
const KILLS: usize = 4;

/// How long it is left to record, at most. The moment is by chance.
const LONGEST: Duration = Duration::from_secs(3);

/// What may be lost.
const LIMIT: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment() {
    let recordings = Recordings::new();
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let mut losses = Vec::new();
    for kill in 1..=cut_off::times("KILLS", KILLS) {
        let before = recordings.segments().len();
        let gateway = Daemon::recording("remote", recordings.dir(), "").await;
        let _camera = Camera::join(&gateway, "camera", &media).await;
        let begun = media.now();
        // Not to wait for anything: this is the moment by chance.
        tokio::time::sleep(LONGEST.mul_f64(rand::random())).await;
        let killed = media.now();
        drop(gateway);

        let next = Daemon::recording("none", recordings.dir(), "").await;
        let segments = recordings.settled(before).await;
        drop(next);
        let kept = segments.get(before).and_then(|segment| cut_off::end_of(segment, &media));
        let loss = killed.saturating_sub(kept.unwrap_or(begun));
        eprintln!("kill {kill}: {:?} after the beginning, {loss:?} lost", killed - begun);
        assert!(loss <= LIMIT, "{loss:?} lost of {:?}: {:?}", killed - begun, segments.get(before));
        losses.push(loss);
    }
    recordings.are_chained();
    cut_off::tell(losses);
}
