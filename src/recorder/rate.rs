//! How fast the folder of recordings grows.

use std::time::{Duration, Instant};

use crate::units::Bitrate;

/// Over how much time at least: clusters come a few times a second, and are noted less often.
const SHORTEST: Duration = Duration::from_secs(5);

/// How fast what is written grows.
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When it was looked at last.
    last: Option<Instant>,
    /// Bytes that came since then.
    grown: u64,
    rate: Option<Bitrate>,
}

impl Rate {
    /// So many bytes more are there.
    pub(super) const fn grow(&mut self, bytes: u64) {
        self.grown = self.grown.saturating_add(bytes);
    }

    /// Over the time since the last look that was long enough ago.
    pub(super) fn at(&mut self, now: Instant) -> Bitrate {
        let last = *self.last.get_or_insert(now);
        let time = now.saturating_duration_since(last);
        if time >= SHORTEST {
            self.rate = Some(Bitrate::of(std::mem::take(&mut self.grown), time));
            self.last = Some(now);
        }
        self.rate.unwrap_or(Bitrate::from_bits(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_since_the_last_look_counts() {
        let (mut rate, begun) = (Rate::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(rate.at(at(0)), Bitrate::from_bits(0));
        rate.grow(1000);
        assert_eq!(rate.at(at(1)), Bitrate::from_bits(0), "nobody knows yet");
        rate.grow(1000);
        assert_eq!(rate.at(at(10)), Bitrate::from_bits(1600));
        assert_eq!(rate.at(at(12)), Bitrate::from_bits(1600));
        assert_eq!(rate.at(at(20)), Bitrate::from_bits(0));
    }
}
