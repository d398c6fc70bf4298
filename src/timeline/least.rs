//! The least of what was seen of late.

use super::ms;

/// How long a value counts at least; at most twice as long.
const WINDOW: i128 = ms(10_000);

/// The least of the values of the last 10 to 20 s.
#[derive(Debug, Default)]
pub(super) struct Least {
    since: i128,
    present: Option<i128>,
    before: Option<i128>,
}

impl Least {
    /// Notes a value, and says which is the least by now.
    pub(super) fn note(&mut self, now: i128, value: i128) -> i128 {
        if self.present.is_none() || now - self.since > WINDOW {
            self.before = self.present.replace(value);
            self.since = now;
        }
        let least = self.present.map_or(value, |present| present.min(value));
        self.present = Some(least);
        self.before.map_or(least, |before| before.min(least))
    }

    /// Everything that was seen is more by so much.
    pub(super) fn shift(&mut self, by: i128) {
        for value in [&mut self.present, &mut self.before].into_iter().flatten() {
            *value += by;
        }
    }
}
