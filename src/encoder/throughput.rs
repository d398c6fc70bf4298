//! Whether an encoder keeps up with what comes. Pure.

use std::time::Duration;

use super::{health::Reading, trial::ENOUGH};

/// What is looked at as one: longer than a machine is busy with something that passes.
const WINDOW: Duration = Duration::from_secs(10);

/// How many frames have to be missing: an encoder and its queue hold a few, which come later.
const MISSING: u64 = 8;

/// How many frames an encoder makes of those that it is given. Times are since any fixed moment.
#[derive(Debug, Clone)]
pub struct Throughput {
    /// When the window began, and what was counted by then.
    begun: (Duration, Reading),
    told: bool,
}

/// It does not keep up. Those that are missing were dropped before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// So many frames a second it makes.
    pub made: u32,
    /// So many come.
    pub wanted: u32,
}

impl Throughput {
    /// Of an encoder that was started at `now`.
    #[must_use]
    pub const fn new(now: Duration) -> Self {
        let nothing = Reading { frames_in: 0, frames_out: 0, keyframes: 0, requests: 0 };
        Self { begun: (now, nothing), told: false }
    }

    /// Looks at it `now`. Once in its life it is told that it does not keep up.
    pub fn look(&mut self, now: Duration, reading: Reading) -> Option<Shortfall> {
        let (since, before) = self.begun;
        let time = now.saturating_sub(since);
        if time < WINDOW {
            return None;
        }
        self.begun = (now, reading);
        let came = reading.frames_in.saturating_sub(before.frames_in);
        let made = reading.frames_out.saturating_sub(before.frames_out);
        let falls_short = came.saturating_sub(made) > MISSING && (made as f64) < came as f64 * ENOUGH;
        if !falls_short || std::mem::replace(&mut self.told, true) {
            return None;
        }
        let per_second = |frames: u64| (frames as f64 / time.as_secs_f64()).round() as u32;
        Some(Shortfall { made: per_second(made), wanted: per_second(came) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told within a minute of an encoder that makes so many of so many frames a second.
    fn told(made: u64, came: u64) -> Vec<(u64, Shortfall)> {
        let mut throughput = Throughput::new(Duration::from_secs(100));
        let look = |tenth: u64| {
            let reading = Reading { frames_in: came * tenth / 10, frames_out: made * tenth / 10, ..Reading::default() };
            let now = Duration::from_secs(100) + Duration::from_millis(100 * tenth);
            Some((tenth / 10, throughput.look(now, reading)?))
        };
        (0..600).filter_map(look).collect()
    }

    #[test]
    fn one_that_keeps_up_is_not_spoken_of() {
        assert_eq!(told(30, 30), []);
        assert_eq!(told(25, 30), [], "a few are missing");
        assert_eq!(told(0, 0), [], "nothing comes");
    }

    #[test]
    fn one_that_does_not_is_told_once_after_a_while() {
        assert_eq!(told(17, 30), [(10, Shortfall { made: 17, wanted: 30 })]);
        assert_eq!(told(0, 5), [(10, Shortfall { made: 0, wanted: 5 })]);
    }

    #[test]
    fn what_is_still_inside_it_is_not_missing() {
        let mut throughput = Throughput::new(Duration::ZERO);
        let reading = Reading { frames_in: 10, frames_out: 2, ..Reading::default() };
        assert_eq!(throughput.look(WINDOW, reading), None);
    }

    #[test]
    fn each_while_counts_for_itself() {
        let mut throughput = Throughput::new(Duration::ZERO);
        let mut look = |seconds, frames_in, frames_out| {
            let reading = Reading { frames_in, frames_out, ..Reading::default() };
            throughput.look(Duration::from_secs(seconds), reading)
        };
        assert_eq!(look(100, 3000, 3000), None);
        assert_eq!(look(110, 3300, 3150), Some(Shortfall { made: 15, wanted: 30 }), "however well it began");
    }
}
