//! How often the log may say that room members misbehave: whoever is let into a room must not be able to
//! fill the disk with it.

use std::time::{Duration, Instant};

/// Lines in one period; the rest is counted.
const LINES: u32 = 10;
const PERIOD: Duration = Duration::from_secs(10);

/// Says which complaints are to be written.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    since: Option<Instant>,
    written: u32,
    swallowed: u64,
}

impl Complaints {
    /// Whether a complaint of `now` is to be written, and how many were not since the last that was.
    pub(super) fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= PERIOD) {
            self.since = Some(now);
            self.written = 0;
        }
        if self.written >= LINES {
            self.swallowed += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.swallowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_cut_and_counted_in_the_next_line() {
        let start = Instant::now();
        let mut complaints = Complaints::default();
        let written = (0..100).filter(|_| complaints.admit(start).is_some()).count();
        assert_eq!(written, 10);
        assert_eq!(complaints.admit(start + PERIOD), Some(90));
        assert_eq!(complaints.admit(start + PERIOD), Some(0));
    }
}
