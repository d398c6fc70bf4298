//! How long frames took, over the last seconds: a histogram that one thread fills and any other reads. Pure.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// What the finest bucket holds. An encoder on fast hardware takes a millisecond.
const UNIT: Duration = Duration::from_micros(125);

/// Buckets for each doubling of the time: what is read is at most a sixteenth too long.
const STEPS: usize = 16;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Up to 16 s; what took longer is counted with it.
const BUCKETS: usize = STEPS * 14;

/// What is read covers between one of these and two.
const PERIOD: Duration = Duration::from_secs(5);

/// How often each time was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: [u32; BUCKETS],
}

/// The histogram of the last 5 to 10 s. One thread records; nobody waits for anybody. Times are since any fixed moment.
#[derive(Debug)]
pub(super) struct Recent {
    /// Two periods in turn: the one that is being filled, and the one before it.
    windows: [Window; 2],
}

#[derive(Debug)]
struct Window {
    /// The number of the period plus one; 0 for none.
    period: AtomicU64,
    counts: [AtomicU32; BUCKETS],
}

impl Histogram {
    /// Counts what another has counted, too.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// The time within which `share` of all, from 0 to 1, were done; `None` when nothing was counted. At most 1/16
    /// too long.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.counts.iter().copied().map(u64::from).sum();
        // Within u64: `share` is at most 1.
        let wanted = ((all as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut counted = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            counted += u64::from(*count);
            if counted >= wanted {
                return Some(end(bucket));
            }
        }
        None
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS] }
    }
}

impl Recent {
    /// A frame that took `took` is done at `now`.
    pub(super) fn record(&self, now: Duration, took: Duration) {
        let period = period(now);
        let window = &self.windows[(period % 2) as usize];
        if window.period.load(Relaxed) != period {
            // Who reads meanwhile sees some of both, once.
            window.counts.iter().for_each(|count| count.store(0, Relaxed));
            window.period.store(period, Relaxed);
        }
        window.counts[bucket(took)].fetch_add(1, Relaxed);
    }

    /// What was recorded lately.
    pub(super) fn read(&self, now: Duration) -> Histogram {
        let now = period(now);
        let mut histogram = Histogram::default();
        for window in &self.windows {
            if (now.saturating_sub(1).max(1)..=now).contains(&window.period.load(Relaxed)) {
                for (sum, count) in histogram.counts.iter_mut().zip(&window.counts) {
                    *sum = sum.saturating_add(count.load(Relaxed));
                }
            }
        }
        histogram
    }
}

impl Default for Recent {
    fn default() -> Self {
        let window = || Window { period: AtomicU64::new(0), counts: [const { AtomicU32::new(0) }; BUCKETS] };
        Self { windows: [window(), window()] }
    }
}

const fn period(now: Duration) -> u64 {
    now.as_secs() / PERIOD.as_secs() + 1
}

/// The first [`STEPS`] buckets are a unit wide, the next as many two units, the next four, and so on.
fn bucket(took: Duration) -> usize {
    let units = u64::try_from(took.as_nanos() / UNIT.as_nanos()).unwrap_or(u64::MAX);
    let doublings = (u64::BITS - units.leading_zeros()).saturating_sub(STEP_BITS + 1);
    let step = (units >> doublings) as usize;
    (doublings as usize * STEPS + step).min(BUCKETS - 1)
}

/// Where the bucket ends.
fn end(bucket: usize) -> Duration {
    let doublings = (bucket / STEPS).saturating_sub(1);
    let steps = bucket - doublings * STEPS + 1;
    // Both within u32, as the number of buckets says.
    UNIT * ((steps << doublings) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn recorded(times: &[Duration]) -> Histogram {
        let recent = Recent::default();
        times.iter().for_each(|took| recent.record(ms(0), *took));
        recent.read(ms(0))
    }

    proptest! {
        #[test]
        fn a_time_is_read_as_itself_or_a_sixteenth_more(us in 0_u64..16_000_000) {
            let took = Duration::from_micros(us);
            let read = recorded(&[took]).quantile(0.5).unwrap();
            prop_assert!(read > took && read <= took + took / 16 + UNIT, "{took:?} is read as {read:?}");
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for at in 0..BUCKETS - 1 {
            assert_eq!(bucket(end(at)), at + 1, "{at} ends where the next begins");
            assert_eq!(bucket(end(at).saturating_sub(Duration::from_nanos(1))), at);
        }
        assert_eq!(bucket(Duration::from_secs(3600)), BUCKETS - 1, "the last takes whatever is longer");
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let times: Vec<_> = (1..=100).map(ms).collect();
        let histogram = recorded(&times);
        for (share, exact) in [(0.5, 50), (0.95, 95), (1.0, 100)] {
            let read = histogram.quantile(share).unwrap();
            assert!((ms(exact)..=ms(exact) * 17 / 16 + UNIT).contains(&read), "{share}: {read:?}");
        }
        assert_eq!(recorded(&[]).quantile(0.5), None);
    }

    #[test]
    fn several_are_read_as_one() {
        let mut both = recorded(&[ms(10); 90]);
        both.add(&recorded(&[ms(80); 10]));
        assert!(both.quantile(0.5).unwrap() < ms(11));
        assert!(both.quantile(0.95).unwrap() >= ms(80));
    }

    #[test]
    fn what_is_older_than_two_periods_is_forgotten() {
        let recent = Recent::default();
        recent.record(ms(1000), ms(80));
        recent.record(ms(6000), ms(10));
        assert!(recent.read(ms(9999)).quantile(1.0).unwrap() >= ms(80));
        assert!(recent.read(ms(10_000)).quantile(1.0).unwrap() < ms(11), "the first is two periods ago");
        recent.record(ms(16_000), ms(20));
        let last = recent.read(ms(16_000));
        assert!(last.quantile(0.0).unwrap() >= ms(20), "that of 6 s is forgotten, too");
        assert_eq!(recent.read(ms(60_000)).quantile(0.5), None, "nothing came lately");
    }
}
