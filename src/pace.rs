//! How fast others may go: a socket is read, or connections are begun. Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// A token bucket: so many a second, so many at once.
#[derive(Debug)]
pub(crate) struct Pace {
    every: Duration,
    /// How far ahead of its rate it may be.
    slack: Duration,
    /// When all that was counted so far would have been through at the rate; `None` before the first.
    paid: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Self::each(Duration::from_secs(1) / per_second.max(1), burst)
    }

    /// One each `every`, and `burst` at once.
    pub(crate) fn each(every: Duration, burst: u32) -> Self {
        Self { every, slack: every * burst.saturating_sub(1), paid: None }
    }

    /// Goes on at another rate. What was counted stays counted, as the time that it takes.
    pub(crate) fn change(&mut self, per_second: u32, burst: u32) {
        *self = Self { paid: self.paid, ..Self::new(per_second, burst) };
    }

    /// Counts one. `Some`: nothing more may come before then.
    pub(crate) fn count(&mut self, now: Instant) -> Option<Instant> {
        let ahead = self.ahead(now);
        self.paid = Some(ahead + self.every);
        let next = ahead.checked_sub(self.slack)?;
        (next > now).then_some(next)
    }

    /// Counts one if it keeps to the pace.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        self.admits_many(now, 1)
    }

    /// Counts so many, which come as one, if the first of them keeps to the pace.
    pub(crate) fn admits_many(&mut self, now: Instant, count: u32) -> bool {
        let ahead = self.ahead(now);
        let admitted = ahead <= now + self.slack;
        if admitted {
            self.paid = Some(ahead + self.every * count);
        }
        admitted
    }

    /// Whether all that was counted is through: it is as good as new.
    pub(crate) fn is_rested(&self, now: Instant) -> bool {
        self.ahead(now) == now
    }

    fn ahead(&self, now: Instant) -> Instant {
        self.paid.map_or(now, |paid| paid.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_it_goes_by_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5);
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
        let mut pace = Pace::new(10, 5);
        for _ in 0..5 {
            let _ = pace.count(start);
        }
        let later = start + Duration::from_secs(60);
        let free = (0..100).take_while(|_| pace.count(later).is_none()).count();
        assert_eq!(free, 5);
    }

    #[test]
    fn it_is_rested_once_all_that_was_counted_is_through() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5);
        assert!(pace.is_rested(start));
        assert!(pace.admits(start) && pace.admits(start));
        assert!(!pace.is_rested(start + Duration::from_millis(199)));
        assert!(pace.is_rested(start + Duration::from_millis(200)));
    }

    #[test]
    fn another_rate_brings_no_new_burst() {
        let start = Instant::now();
        let mut pace = Pace::new(100, 50);
        let admitted = |pace: &mut Pace, now| (0..1000).filter(|_| pace.admits(now)).count();
        assert_eq!(admitted(&mut pace, start), 50);
        pace.change(10, 5);
        assert_eq!(admitted(&mut pace, start), 0);
        assert_eq!(admitted(&mut pace, start + Duration::from_secs(60)), 5);
    }

    #[test]
    fn many_that_come_as_one_are_paid_for_one_by_one() {
        let start = Instant::now();
        let mut pace = Pace::new(1000, 2000);
        assert!(pace.admits_many(start, 1999));
        assert!(pace.admits_many(start, 500), "its first one is within the burst");
        assert!(!pace.admits_many(start, 1));
        assert!(!pace.admits_many(start + Duration::from_millis(499), 1));
        assert!(pace.admits_many(start + Duration::from_millis(500), 1));
    }

    #[test]
    fn one_in_a_while_is_a_pace_too() {
        let start = Instant::now();
        let mut pace = Pace::each(Duration::from_secs(3), 20);
        assert_eq!((0..100).filter(|_| pace.admits(start)).count(), 20);
        assert_eq!((0..100).filter(|_| pace.admits(start + Duration::from_secs(6))).count(), 2);
    }

    #[test]
    fn what_is_not_admitted_costs_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5);
        let admitted = |pace: &mut Pace, now| (0..1000).filter(|_| pace.admits(now)).count();
        assert_eq!(admitted(&mut pace, start), 5);
        assert_eq!(admitted(&mut pace, start + Duration::from_millis(200)), 2);
    }
}
