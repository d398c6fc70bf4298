//! How fast a socket is read. Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// A token bucket: so many a second, so many at once.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    /// How far ahead of its rate the socket may be.
    slack: Duration,
    /// When all that was read so far would have been read at the rate.
    paid: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant, per_second: u32, burst: u32) -> Self {
        let every = Duration::from_secs(1) / per_second.max(1);
        Self { every, slack: every * burst.saturating_sub(1), paid: now }
    }

    /// Counts one message. `Some`: nothing may be read before then.
    pub(super) fn count(&mut self, now: Instant) -> Option<Instant> {
        let ahead = self.paid.max(now);
        self.paid = ahead + self.every;
        let next = ahead.checked_sub(self.slack)?;
        (next > now).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_it_goes_by_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 10, 5);
        for _ in 0..5 {
            assert_eq!(pace.count(start), None);
        }
        let next = pace.count(start).unwrap();
        assert_eq!(next - start, Duration::from_millis(100));
        let after = pace.count(next).unwrap();
        assert_eq!(after - next, Duration::from_millis(100));
    }

    #[test]
    fn a_quiet_time_gives_the_burst_back_but_no_more() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 10, 5);
        for _ in 0..5 {
            let _ = pace.count(start);
        }
        let later = start + Duration::from_secs(60);
        let free = (0..100).take_while(|_| pace.count(later).is_none()).count();
        assert_eq!(free, 5);
    }
}
