//! What comes from an encoder that nobody can tell a bitrate, as a camera's own.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::units::Bitrate;

/// How long each measurement takes: there is about one keyframe in it.
const PERIOD: Duration = Duration::from_secs(1);

/// The largest of so many is what has to be borne. A still moment is no promise, and one busy second is no reason to be
/// sent nothing: that takes 5 s.
const KEPT: usize = 3;

/// Measures the bitrate of what is made, by its bytes so far.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    last: Option<(Instant, u64)>,
    measured: VecDeque<Bitrate>,
}

impl Meter {
    /// So many `bytes` have come in all. Gives what has to be borne, when a measurement is complete.
    pub fn look(&mut self, now: Instant, bytes: u64) -> Option<Bitrate> {
        let Some((since, before)) = self.last else {
            self.last = Some((now, bytes));
            return None;
        };
        let passed = now.saturating_duration_since(since);
        if passed < PERIOD {
            return None;
        }
        self.last = Some((now, bytes));
        if bytes == before || passed > 2 * PERIOD {
            // It does not run, or did not for all of that time.
            return None;
        }
        self.measured.truncate(KEPT - 1);
        self.measured.push_front(Bitrate::of(bytes.saturating_sub(before), passed));
        self.measured.iter().max().copied()
    }

    /// When to look again, once it has been looked at.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.last.map(|(since, _)| since + PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after each second in which so many bytes have come.
    fn measured(seconds: &[u64]) -> Vec<Option<u32>> {
        let (mut meter, mut now, mut bytes) = (Meter::default(), Instant::now(), 1_000_000);
        assert_eq!(meter.look(now, bytes), None);
        let look = |second: &u64| {
            now = meter.deadline().unwrap();
            bytes += second;
            meter.look(now, bytes).map(Bitrate::kilobits)
        };
        seconds.iter().map(look).collect()
    }

    #[test]
    fn the_busiest_of_the_last_three_counts() {
        let said = measured(&[100_000, 500_000, 0, 100_000, 100_000, 100_000, 100_000, 100_000]);
        assert_eq!(said, [800, 4000, 0, 4000, 4000, 800, 800, 800].map(|bits| (bits > 0).then_some(bits)));
    }

    #[test]
    fn a_time_in_which_nothing_ran_is_no_measurement() {
        let (mut meter, begun) = (Meter::default(), Instant::now());
        meter.look(begun, 0);
        assert_eq!(meter.look(begun + PERIOD / 2, 70_000), None, "too soon");
        assert_eq!(meter.look(begun + 60 * PERIOD, 100_000), None);
        assert_eq!(meter.look(begun + 61 * PERIOD, 200_000), Some(Bitrate::from_bits(800_000)));
    }
}
