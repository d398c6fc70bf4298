//! How fast the folder of recordings grows.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{recording::Kept, units::Bitrate};

/// Over how much time at least: clusters come a few times a second, and are noted less often.
const SHORTEST: Duration = Duration::from_secs(5);

/// How fast what is written grows.
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When it was looked at last, and the bytes of each segment then.
    last: Option<(Instant, BTreeMap<String, u64>)>,
    rate: Option<Bitrate>,
}

impl Rate {
    /// Over the time since the last look that was long enough ago.
    pub(super) fn of<'a>(&mut self, now: Instant, kept: impl Iterator<Item = &'a Kept>) -> Bitrate {
        let sizes: BTreeMap<_, _> = kept.map(|kept| (kept.file.clone(), kept.bytes)).collect();
        let zero = Bitrate::from_bits(0);
        let Some((then, before)) = &self.last else {
            self.last = Some((now, sizes));
            return zero;
        };
        let time = now.saturating_duration_since(*then);
        if time >= SHORTEST {
            let grown =
                |(file, size): (&String, &u64)| size.saturating_sub(before.get(file).copied().unwrap_or_default());
            self.rate = Some(Bitrate::of(sizes.iter().map(grown).sum(), time));
            self.last = Some((now, sizes));
        }
        self.rate.unwrap_or(zero)
    }
}
