//! How often the log may tell of what others do: whoever is let into a room must not be able to fill the disk with it.
//! Pure: time comes in as an argument.

use std::{num::NonZeroU64, time::Instant};

use crate::pace::Pace;

/// What may be written on and on. What comes at once is up to who tells.
const LINES_PER_SECOND: u32 = 1;

/// Says which lines of one kind are to be written.
#[derive(Debug)]
pub(crate) struct LogLimit {
    pace: Pace,
    swallowed: u64,
}

impl LogLimit {
    /// One line a second, and `burst` at once after it was quiet.
    pub(crate) fn new(burst: u32) -> Self {
        Self { pace: Pace::new(LINES_PER_SECOND, burst), swallowed: 0 }
    }

    /// Whether a line of `now` is to be written, and how many were not since the last that was, if any.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<Option<NonZeroU64>> {
        if !self.pace.admits(now) {
            self.swallowed += 1;
            return None;
        }
        Some(NonZeroU64::new(std::mem::take(&mut self.swallowed)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_cut_and_counted_in_the_next_line() {
        let start = Instant::now();
        let mut limit = LogLimit::new(10);
        let written = (0..100).filter(|_| limit.admit(start).is_some()).count();
        assert_eq!(written, 10);
        let later = start + Duration::from_secs(10);
        assert_eq!(limit.admit(later), Some(NonZeroU64::new(90)));
        assert_eq!(limit.admit(later), Some(None));
    }
}
