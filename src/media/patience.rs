//! How long one taker may hold up all the others. Pure.

use std::time::Duration;

/// A push that takes longer is held against its taker. An encrypt-and-send takes a fraction of a millisecond, so what
/// is slower waits for something, or the machine is too busy to go on with it.
pub(super) const SLOW_PUSH: Duration = Duration::from_millis(50);

/// What may have come together. A taker that hangs has used it up after three frames; a busy machine, which interrupts
/// now the one and now the other, seldom does.
const LIMIT: Duration = Duration::from_millis(150);

/// How much of the time that passes is forgiven.
const FORGIVEN: f64 = 0.1;

/// How long a taker with a thread of its own must have kept up before it is trusted again.
pub(super) const CALM: Duration = Duration::from_secs(10);

/// What one taker has held up so far. Times are since any fixed moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    held: Duration,
    at: Duration,
}

impl Patience {
    /// A push that ended at `now` took this long. Whether that is too much.
    pub(super) fn is_tried(&mut self, now: Duration, took: Duration) -> bool {
        if took <= SLOW_PUSH {
            return false;
        }
        let forgiven = now.saturating_sub(self.at).mul_f64(FORGIVEN);
        self.held = self.held.saturating_sub(forgiven) + took;
        self.at = now;
        self.held > LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn one_that_hangs_at_each_push_tries_it_with_the_third() {
        let mut patience = Patience::default();
        assert!(!patience.is_tried(ms(1000), ms(60)));
        assert!(!patience.is_tried(ms(1060), ms(60)));
        assert!(patience.is_tried(ms(1120), ms(60)));
    }

    #[test]
    fn one_long_push_tries_it_at_once() {
        assert!(Patience::default().is_tried(ms(1000), ms(151)));
    }

    #[test]
    fn an_interruption_now_and_then_is_forgiven() {
        let mut patience = Patience::default();
        for second in 1..100 {
            assert!(!patience.is_tried(ms(second * 1000), ms(90)), "after {second} s");
        }
    }

    #[test]
    fn pushes_as_they_should_be_are_never_counted() {
        let mut patience = Patience::default();
        for push in 1..1000 {
            assert!(!patience.is_tried(ms(push * 50), SLOW_PUSH));
        }
    }
}
