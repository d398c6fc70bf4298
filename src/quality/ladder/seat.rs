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
    told: Option<Bitrate>,
    /// What it is thought to bear until more is known: who comes back from nothing begins with the least.
    pub(super) presumed: Option<Bitrate>,
    /// Who bears at least this share of what a rung is encoded at stays there.
    pub(super) stays: f64,
    /// 0 for the best.
    pub(super) rung: usize,
    /// Since when its link does not bear the last one, which it is on.
    pub(super) short_since: Option<Instant>,
    /// Since when its link bears a better one.
    calm_since: Option<Instant>,
    climbed: Option<Instant>,
    fell: Option<Instant>,
    /// Climbs, one after the other, that were followed by a fall.
    failures: u32,
}

impl Seat {
    /// What its link bears, as far as that is known or presumed.
    pub(super) fn bears(&self) -> Option<Bitrate> {
        self.told.or(self.presumed)
    }

    /// Its link bears so much; a rung that is encoded at somewhat more is left only below that share of it.
    pub(super) const fn is_told(&mut self, bears: Option<Bitrate>, stays: f64) {
        self.told = bears;
        self.stays = stays;
        if bears.is_some() {
            self.presumed = None;
        }
    }

    /// It goes down to `rung`.
    pub(super) fn fall(&mut self, rung: usize, now: Instant) {
        let was_lately =
            |moment: Option<Instant>| moment.is_some_and(|then| now.saturating_duration_since(then) < TRIAL);
        if was_lately(self.climbed.take()) {
            self.failures = self.failures.saturating_add(1);
        } else if !was_lately(self.fell) {
            self.failures = 0;
        }
        self.fell = Some(now);
        self.presumed = None;
        self.rung = rung;
        (self.calm_since, self.short_since) = (None, None);
    }

    /// Its link does not bear the last rung. Whether it has not for so long that it is to get no pictures.
    pub(super) fn is_short_for_too_long(&mut self, now: Instant) -> bool {
        now.saturating_duration_since(*self.short_since.get_or_insert(now)) >= SHORT
    }

    /// It goes up to the better rung that its link bears now, if any, once it has done so for long enough. Whether it has.
    pub(super) fn climb(&mut self, bearable: Option<usize>, now: Instant) -> bool {
        let Some(better) = bearable else {
            self.calm_since = None;
            return false;
        };
        let since = *self.calm_since.get_or_insert(now);
        let climbs = now.saturating_duration_since(since) >= self.calm();
        if climbs {
            self.rung = better;
            self.climbed = Some(now);
            self.calm_since = None;
        }
        climbs
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
