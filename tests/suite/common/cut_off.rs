//! What is left of a recording that was cut off.

use std::time::Duration;

use peergate::{codec::MediaKind, recording::manifest::State};

use super::{
    flash_and_beep::{FlashAndBeep, RATE},
    recorded::Recorded,
};

/// When a segment that was mended ends, on the clock of who sent; `None` where there is nothing in it. Fails where it does not
/// play, or is not what its manifest says.
pub(crate) fn end_of(segment: &Recorded, media: &FlashAndBeep) -> Option<Duration> {
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

/// How many times something is done to a recording: `usual`, unless the environment has another number under `name`.
pub(crate) fn times(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |times| times.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Prints what was lost.
pub(crate) fn tell(mut losses: Vec<Duration>) {
    losses.sort_unstable();
    eprintln!("{} times: median {:?}, most {:?}", losses.len(), losses[losses.len() / 2], losses[losses.len() - 1]);
}
