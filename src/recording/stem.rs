//! What the files of a segment are called.

use std::{fmt, str::FromStr, time::Duration};

use super::wall_time::{Separator, WallTime};

/// The name of a segment's files without its ending, from when it begins: `2026-11-30T14-02-11.123Z`. Stems are ordered as
/// their texts are, byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stem(WallTime);

/// A text that is no stem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a segment's name like \"2026-11-30T14-02-11.123Z\", got {0:?}")]
pub struct StemError(String);

impl Stem {
    /// That of the segment that begins now, when `previous` is the last one in the folder: later than that even where the
    /// clock has gone back. Only behind the last ms of the year 9999 there is no later one, and it is given again.
    #[must_use]
    pub fn after(previous: Option<&Self>, now: WallTime) -> Self {
        let earliest = previous.map(|previous| previous.0.after(Duration::from_millis(1)));
        Self(earliest.map_or(now, |earliest| earliest.max(now)))
    }

    /// When the segment began, as far as the clock was right.
    #[must_use]
    pub const fn moment(self) -> WallTime {
        self.0
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, Separator::Dash)
    }
}

impl FromStr for Stem {
    type Err = StemError;
    fn from_str(text: &str) -> Result<Self, StemError> {
        let moment = WallTime::read(text, Separator::Dash);
        moment.map(Self).ok_or_else(|| StemError(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> WallTime {
        WallTime::from_unix_ms(ms)
    }

    #[test]
    fn a_stem_tells_when_its_segment_began() {
        let stem = Stem::after(None, at(1_796_047_331_123));
        assert_eq!(stem.to_string(), "2026-11-30T14-02-11.123Z");
        assert_eq!("2026-11-30T14-02-11.123Z".parse(), Ok(stem));
        for text in ["", "2026-11-30T14:02:11.123Z", "2026-11-30T14-02-11.123Z.mkv", "2026-13-30T14-02-11.123Z"] {
            assert_eq!(text.parse::<Stem>(), Err(StemError(text.to_owned())));
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_change_the_order() {
        let first = Stem::after(None, at(5000));
        let second = Stem::after(Some(&first), at(0));
        assert_eq!(second.moment(), at(5001));
        assert_eq!(Stem::after(Some(&second), at(9000)).moment(), at(9000));
    }

    proptest! {
        #[test]
        fn each_comes_after_the_one_before(clock in proptest::collection::vec(0..=WallTime::MAX.unix_ms() - 100, 1..100)) {
            let mut previous: Option<Stem> = None;
            for ms in clock {
                let stem = Stem::after(previous.as_ref(), at(ms));
                if let Some(previous) = previous {
                    prop_assert!(stem > previous);
                    prop_assert!(stem.to_string().as_bytes() > previous.to_string().as_bytes());
                }
                prop_assert_eq!(stem.to_string().parse(), Ok(stem));
                previous = Some(stem);
            }
        }
    }
}
