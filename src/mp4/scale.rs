//! Time in ticks, of which each track has so many in a second (timescale).

use std::time::Duration;

use crate::codec::MediaKind;

/// The latest time that is told: players count in ns, with 63 bits.
const LATEST: Duration = Duration::from_nanos(i64::MAX as u64);

/// How many ticks there are in a second; not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale(u32);

impl Scale {
    /// That of what is told of the whole file.
    pub(super) const MOVIE: Self = Self(1000);

    /// That of a track which is written: of pictures as in RTP, of sound its samples, as Opus has to have it.
    pub(super) const fn of(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Video => Self(90_000),
            MediaKind::Audio => Self(48_000),
        }
    }

    /// So many ticks; `None` for none.
    pub(super) const fn new(ticks: u32) -> Option<Self> {
        if ticks == 0 { None } else { Some(Self(ticks)) }
    }

    /// How many ticks there are in a second.
    pub(super) const fn per_second(self) -> u32 {
        self.0
    }

    /// A time in ticks, to the nearest one.
    pub(super) fn ticks(self, time: Duration) -> u64 {
        const SECOND: u128 = 1_000_000_000;
        let ticks = (time.as_nanos() * u128::from(self.0) + SECOND / 2) / SECOND;
        ticks.try_into().unwrap_or(u64::MAX)
    }

    /// Ticks as a time, to the nearest ns; what is later than players can tell is not told.
    pub(super) fn time(self, ticks: u64) -> Duration {
        let scale = u64::from(self.0);
        let nanos = (ticks % scale * 1_000_000_000 + scale / 2) / scale;
        Duration::from_secs(ticks / scale).saturating_add(Duration::from_nanos(nanos)).min(LATEST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_the_nearest_ones() {
        let video = Scale::of(MediaKind::Video);
        assert_eq!(video.ticks(Duration::from_micros(33_333)), 3000);
        assert_eq!(video.time(3000), Duration::from_nanos(33_333_333));
        assert_eq!(Scale::of(MediaKind::Audio).ticks(Duration::from_millis(20)), 960);
    }

    proptest! {
        #[test]
        fn any_number_is_a_time_and_the_same_number_again(scale in 1..200_000_u32, ticks: u64) {
            let scale = Scale::new(scale).unwrap();
            let time = scale.time(ticks);
            prop_assert!(time == LATEST || scale.ticks(time) == ticks);
        }
    }
}
