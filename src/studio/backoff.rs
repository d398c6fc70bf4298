//! How long to wait before what failed is tried again. Pure.

use std::time::Duration;

/// The first wait. A camera that was unplugged for a moment is back at once.
const FIRST: Duration = Duration::from_millis(500);
/// The longest. Short enough for a person who plugs a camera in and looks at the page.
const LONGEST: Duration = Duration::from_secs(10);

/// The waits between attempts: each twice the one before, up to 10 s, and none quite as long as another's.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `jitter` is random, from 0 to 1: it takes off up to half, so that what
    /// failed together does not come back together.
    pub(super) fn next(&mut self, jitter: f64) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        FIRST.max(longest.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0))
    }

    /// It has worked: the next failure is a new one.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..8).map(|_| backoff.next(0.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn jitter_takes_off_half_at_most_and_never_goes_below_the_first() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..6).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [500, 500, 1000, 2000, 4000, 5000]);
    }

    #[test]
    fn a_success_starts_over() {
        let mut backoff = Backoff::default();
        let first = backoff.next(0.0);
        backoff.next(0.0);
        backoff.reset();
        assert_eq!(backoff.next(0.0), first);
    }
}
