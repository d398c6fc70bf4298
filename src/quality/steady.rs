//! An encoder's bitrate, changed only when it matters and not too often: each change costs it some frames to settle.

use std::time::{Duration, Instant};

use crate::units::Bitrate;

/// The least time between two changes.
const INTERVAL: Duration = Duration::from_millis(200);

/// The least change, as a share of what it is.
const STEP: f64 = 0.05;

/// A bitrate that follows another one.
#[derive(Debug, Clone)]
pub struct Steady {
    bitrate: Bitrate,
    wanted: Bitrate,
    interval: Duration,
    changed: Option<Instant>,
}

impl Steady {
    /// It is `bitrate` to begin with.
    #[must_use]
    pub const fn new(bitrate: Bitrate) -> Self {
        Self::apart(bitrate, INTERVAL)
    }

    /// The same, with changes that are further apart.
    #[must_use]
    pub const fn apart(bitrate: Bitrate, interval: Duration) -> Self {
        Self { bitrate, wanted: bitrate, interval, changed: None }
    }

    /// What it is.
    #[must_use]
    pub const fn bitrate(&self) -> Bitrate {
        self.bitrate
    }

    /// What it is to be.
    pub const fn want(&mut self, wanted: Bitrate) {
        self.wanted = wanted;
    }

    /// Nobody sees it: it may jump. Whether it has changed.
    pub fn reset(&mut self) -> bool {
        self.changed = None;
        std::mem::replace(&mut self.bitrate, self.wanted) != self.wanted
    }

    /// Changes it, if it is time. Whether it has changed.
    pub fn settle(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= now) || (self.changed.is_none() && self.matters());
        if due {
            self.bitrate = self.wanted;
            self.changed = Some(now);
        }
        due
    }

    /// When it is time for a change that is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.changed.filter(|_| self.matters()).map(|changed| changed + self.interval)
    }

    fn matters(&self) -> bool {
        let (is, wanted) = (f64::from(self.bitrate.bits()), f64::from(self.wanted.bits()));
        (wanted - is).abs() >= STEP * is
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn bits(bits: u32) -> Bitrate {
        Bitrate::from_bits(bits)
    }

    proptest! {
        #[test]
        fn changes_are_apart_and_matter(wanted in prop::collection::vec((0_u64..300, 100_u32..4_000_000), 1..200)) {
            let mut now = Instant::now();
            let mut steady = Steady::new(bits(2_000_000));
            let mut last = None;
            for (wait, bitrate) in wanted {
                now += Duration::from_millis(wait);
                steady.want(bits(bitrate));
                let before = steady.bitrate().bits();
                if steady.settle(now) {
                    let after = steady.bitrate().bits();
                    prop_assert!(before.abs_diff(after) as f64 >= 0.05 * f64::from(before));
                    if let Some(last) = last {
                        prop_assert!(now - last >= Duration::from_millis(200));
                    }
                    last = Some(now);
                }
            }
        }
    }

    #[test]
    fn what_is_wanted_too_early_comes_in_time() {
        let start = Instant::now();
        let mut steady = Steady::new(bits(1_000_000));
        steady.want(bits(500_000));
        assert!(steady.settle(start), "the first comes at once");
        steady.want(bits(700_000));
        assert!(!steady.settle(start + Duration::from_millis(199)));
        assert_eq!(steady.deadline(), Some(start + Duration::from_millis(200)));
        assert!(steady.settle(start + Duration::from_millis(200)));
        assert_eq!((steady.bitrate(), steady.deadline()), (bits(700_000), None));
        let mut rare = Steady::apart(bits(1_000_000), Duration::from_secs(1));
        rare.want(bits(500_000));
        assert!(rare.settle(start));
        rare.want(bits(700_000));
        assert_eq!(rare.deadline(), Some(start + Duration::from_secs(1)));
    }
}
