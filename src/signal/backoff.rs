//! How long to wait before the relay is tried again. Pure: chance comes in as an argument.

use std::time::Duration;

/// Never sooner: a relay that refuses at once is not hammered.
const FLOOR: Duration = Duration::from_millis(500);
/// No later at first, and never later where nobody is there: with a handshake, one is back within a second of the relay.
const SOON: Duration = Duration::from_millis(800);
/// Never later: a relay that is back is found within half a minute.
const CEILING: Duration = Duration::from_secs(30);
/// A connection that lived this long was a good one; what ended it is new, and is tried again soon.
const GOOD: Duration = Duration::from_secs(30);

/// Waits that grow from try to try. Each is drawn from the whole span between the floor and what has
/// grown, so that a thousand gateways do not come back to a restarted relay in step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after somebody failed to serve us; `chance` is drawn evenly from 0 to 1.
    #[must_use]
    pub fn wait(&mut self, chance: f64) -> Duration {
        let grown = SOON.saturating_mul(2_u32.saturating_pow(self.failures)).min(CEILING);
        self.failures = self.failures.saturating_add(1);
        between(FLOOR, grown, chance)
    }

    /// The wait after nobody was there; `chance` is drawn evenly from 0 to 1. It does not grow: who is not there is not
    /// burdened, and gateways that have waited for some time do not come in step.
    #[must_use]
    pub fn wait_for_anybody(chance: f64) -> Duration {
        between(FLOOR, SOON, chance)
    }

    /// A connection has ended that was up so long.
    pub fn ended(&mut self, up_for: Duration) {
        if up_for >= GOOD {
            self.failures = 0;
        }
    }
}

fn between(least: Duration, most: Duration, chance: f64) -> Duration {
    least + (most - least).mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn longest(backoff: &mut Backoff) -> Duration {
        backoff.wait(1.0)
    }

    #[test]
    fn waits_double_up_to_the_ceiling() {
        let mut backoff = Backoff::default();
        let tenths: Vec<u128> = (0..8).map(|_| longest(&mut backoff).as_millis() / 100).collect();
        assert_eq!(tenths, [8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn a_connection_that_lived_starts_them_over_and_a_short_one_does_not() {
        let mut backoff = Backoff::default();
        let _ = (longest(&mut backoff), longest(&mut backoff));
        backoff.ended(GOOD - Duration::from_millis(1));
        assert_eq!(longest(&mut backoff), 4 * SOON);
        backoff.ended(GOOD);
        assert_eq!(longest(&mut backoff), SOON);
    }

    proptest! {
        #[test]
        fn every_wait_is_between_floor_and_ceiling(chances in prop::collection::vec(any::<f64>(), 1..100)) {
            let mut backoff = Backoff::default();
            for chance in chances.into_iter().filter(|chance| !chance.is_nan()) {
                let wait = backoff.wait(chance);
                prop_assert!((FLOOR..=CEILING).contains(&wait));
                prop_assert!((FLOOR..=SOON).contains(&Backoff::wait_for_anybody(chance)));
            }
        }
    }
}
