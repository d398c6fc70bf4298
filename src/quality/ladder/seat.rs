//! One viewer's seat: down at once, up after a calm time.

use std::time::{Duration, Instant};

use crate::units::Bitrate;

/// How long a link must have borne a better rung before its viewer is taken there.
const CALM: Duration = Duration::from_secs(10);

/// The longest such time, after better rungs that turned out to be too much, again and again.
const LONGEST_CALM: Duration = Duration::from_secs(160);

/// Who falls this soon after it has climbed should not have.
const TRIAL: Duration = Duration::from_secs(20);

/// How long pictures are sent over a link that does not bear the least of them. Radio links have such moments, and it takes
/// a calm time to come back.
const SHORT: Duration = Duration::from_secs(5);

/// A viewer on a rung.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seat {
    /// What its link bears, as far as that is known.
    pub(super) bears: Option<Bitrate>,
    /// 0 for the best.
    pub(super) rung: usize,
    /// Since when its link does not bear the last one, which it is on.
    pub(super) short_since: Option<Instant>,
    /// Since when its link bears a better one.
    calm_since: Option<Instant>,
    climbed: Option<Instant>,
    /// Climbs, one after the other, that were followed by a fall.
    failures: u32,
}

impl Seat {
    /// It goes down to `rung`.
    pub(super) fn fall(&mut self, rung: usize, now: Instant) {
        let failed = self.climbed.take().is_some_and(|climbed| now.saturating_duration_since(climbed) < TRIAL);
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        self.rung = rung;
        (self.calm_since, self.short_since) = (None, None);
    }

    /// Its link does not bear the last rung. Whether it has not for so long that it is to get no pictures.
    pub(super) fn is_short_for_too_long(&mut self, now: Instant) -> bool {
        now.saturating_duration_since(*self.short_since.get_or_insert(now)) >= SHORT
    }

    /// It goes up to the better rung that its link bears now, if any, once it has done so for long enough.
    pub(super) fn climb(&mut self, bearable: Option<usize>, now: Instant) {
        let Some(better) = bearable else {
            self.calm_since = None;
            return;
        };
        let since = *self.calm_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.calm() {
            self.rung = better;
            self.climbed = Some(now);
            self.calm_since = None;
        }
    }

    /// When it may go up, or has to go.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let up = self.calm_since.map(|since| since + self.calm());
        up.into_iter().chain(self.short_since.map(|since| since + SHORT)).min()
    }

    fn calm(&self) -> Duration {
        CALM.saturating_mul(1 << self.failures.min(4)).min(LONGEST_CALM)
    }
}
