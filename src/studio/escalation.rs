//! When starting again is not enough: whether it is time for the last resort.

use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row: one may have been chance, and what was begun anew after it had its own.
const IN_A_ROW: u32 = 2;

/// The least time between two last resorts. A device takes seconds to come back from one, and what one does not mend the
/// next won't soon.
const APART: Duration = Duration::from_secs(60);

/// What has failed lately, and what was done.
#[derive(Debug, Default)]
pub(super) struct Escalation {
    failures: u32,
    resorted: Option<Instant>,
}

impl Escalation {
    /// It has failed in a way that a last resort may mend. Whether it is time for that.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures >= IN_A_ROW && self.resorted.is_none_or(|resorted| now - resorted >= APART)
    }

    /// The last resort was taken.
    pub(super) const fn resorted(&mut self, now: Instant) {
        (self.failures, self.resorted) = (0, Some(now));
    }

    /// It works, for a while already.
    pub(super) const fn works(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When, within so many failures 6 s apart, the last resort was taken: in seconds.
    fn resorts(failures: u64, works_after: impl Fn(u64) -> bool) -> Vec<u64> {
        let (begun, mut escalation, mut resorts) = (Instant::now(), Escalation::default(), Vec::new());
        for failure in 0..failures {
            let now = begun + Duration::from_secs(6 * failure);
            if escalation.failed(now) {
                escalation.resorted(now);
                resorts.push(6 * failure);
            }
            if works_after(failure) {
                escalation.works();
            }
        }
        resorts
    }

    #[test]
    fn the_second_failure_in_a_row_is_one_too_many_and_a_minute_has_to_pass_until_the_next() {
        assert_eq!(resorts(30, |_| false), [6, 66, 126]);
    }

    #[test]
    fn failures_with_something_between_are_not_in_a_row() {
        assert!(resorts(30, |_| true).is_empty());
    }
}
