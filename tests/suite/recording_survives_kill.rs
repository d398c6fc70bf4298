//! A daemon that is killed, at whatever moment, loses the last second of a recording at most. What is left is mended by the
//! next start, plays to its end, and is what its manifest says.
//!
//! A hundred times, by hand, with what was lost each time:
//! `KILLS=100 ./dev in-lab cargo test --test suite recording_survives_kill -- --nocapture`

use std::time::Duration;

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::State,
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    recorded::Recorded,
    recordings::Recordings,
};

/// How many times it is killed, unless the environment says another number.
const KILLS: usize = 4;

/// How long it is left to record, at most. The moment is by chance.
const LONGEST: Duration = Duration::from_secs(3);

/// What may be lost.
const LIMIT: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment() {
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("KILLS is a number"));
    let recordings = Recordings::new();
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let mut losses = Vec::new();
    for kill in 1..=kills {
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
        let kept = segments.get(before).and_then(|segment| end_of(segment, &media));
        let loss = killed.saturating_sub(kept.unwrap_or(begun));
        eprintln!("kill {kill}: {:?} after the beginning, {loss:?} lost", killed - begun);
        assert!(loss <= LIMIT, "{loss:?} lost of {:?}: {:?}", killed - begun, segments.get(before));
        losses.push(loss);
    }
    recordings.are_chained();
    losses.sort_unstable();
    eprintln!("of {kills} kills: median {:?}, most {:?}", losses[kills / 2], losses[kills - 1]);
}

/// When a segment that was mended ends, on the clock of who sent; `None` where there is nothing in it.
fn end_of(segment: &Recorded, media: &FlashAndBeep) -> Option<Duration> {
    if let State::Incomplete { .. } = segment.manifest.state {
        return None;
    }
    assert_eq!(segment.manifest.state, State::Recovered);
    segment.is_what_its_manifest_says();
    let numbers = segment.numbers();
    assert!(numbers.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "no picture is missing: {numbers:?}");
    let (time, number) = *numbers.last()?;
    let rate = f64::from(RATE);
    let sound = segment.packets(MediaKind::Audio).last()?.time - time;
    // Sound and pictures come by turns: what ends first decides. A packet of sound is 20 ms long.
    let end = f64::from(number) / rate + (1.0 / rate).min(sound + 0.02);
    assert!(end < media.now().as_secs_f64());
    Some(Duration::from_secs_f64(end))
}
