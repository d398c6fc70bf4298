//! Moments as a clock on the wall shows them.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A moment in ms since 1970 UTC, leap seconds not counted: from 1970 to the end of the year 9999, so that its year has
/// four digits. As text it is RFC 3339's `2026-11-30T14:02:11.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u64);

/// A text that is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a time in UTC with milliseconds like \"2026-11-30T14:02:11.123Z\", of 1970 to 9999, got {0:?}")]
pub struct WallTimeError(String);

/// What separates the parts of a time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// RFC 3339's.
    Colon,
    /// For file names: FAT and NTFS know no colon.
    Dash,
}

impl WallTime {
    /// The end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// So many ms after the beginning of 1970. What is later than [`WallTime::MAX`] becomes that.
    #[must_use]
    pub const fn from_unix_ms(ms: u64) -> Self {
        if ms < Self::MAX.0 { Self(ms) } else { Self::MAX }
    }

    /// In ms since the beginning of 1970.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// So much later, [`WallTime::MAX`] at most. Parts of a ms are left out.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self::from_unix_ms(self.0.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` it is; `None` where it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }

    /// Takes the text that [`WallTime::write`] makes, and no other.
    pub(super) fn read(text: &str, separator: Separator) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten()
        };
        let small = |from| number(from, from + 2).and_then(|number| u8::try_from(number).ok());
        let date = Date::from_calendar_date(number(0, 4)?.into(), Month::try_from(small(5)?).ok()?, small(8)?).ok()?;
        let time = Time::from_hms_milli(small(11)?, small(14)?, small(17)?, number(20, 23)?).ok()?;
        let ms = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp_nanos() / 1_000_000;
        let moment = Self(u64::try_from(ms).ok()?);
        // What stands between the numbers is compared here.
        let mut again = String::with_capacity(text.len());
        moment.write(&mut again, separator).ok()?;
        (again == text).then_some(moment)
    }

    /// Writes it in 24 characters.
    pub(super) fn write(self, to: &mut impl fmt::Write, separator: Separator) -> fmt::Result {
        let moment = OffsetDateTime::UNIX_EPOCH + Duration::from_millis(self.0);
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second, ms) = moment.to_hms_milli();
        let month = u8::from(month);
        let colon = if separator == Separator::Colon { ':' } else { '-' };
        write!(to, "{year:04}-{month:02}-{day:02}T{hour:02}{colon}{minute:02}{colon}{second:02}.{ms:03}Z")
    }
}

impl From<SystemTime> for WallTime {
    /// Parts of a ms are left out; what is before 1970 becomes its beginning.
    fn from(time: SystemTime) -> Self {
        Self(0).after(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Separator::Colon)
    }
}

impl FromStr for WallTime {
    type Err = WallTimeError;
    fn from_str(text: &str) -> Result<Self, WallTimeError> {
        Self::read(text, Separator::Colon).ok_or_else(|| WallTimeError(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for WallTime {
    type Error = WallTimeError;
    fn try_from(text: String) -> Result<Self, WallTimeError> {
        text.parse()
    }
}

impl From<WallTime> for String {
    fn from(moment: WallTime) -> Self {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_as_calendars_have_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_960_931_123, "2026-11-29T14:02:11.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (WallTime::MAX.unix_ms(), "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(WallTime::from_unix_ms(ms).to_string(), text);
            assert_eq!(text.parse(), Ok(WallTime::from_unix_ms(ms)));
        }
    }

    #[test]
    fn other_texts_are_refused_in_words() {
        for text in [
            "",
            "2026-11-30",
            "2026-02-30T00:00:00.000Z",
            "2026-11-30T24:00:00.000Z",
            "2026-11-30T23:59:60.000Z",
            "2026-11-30T14:02:11.123+00:00",
            "2026-11-30T14:02:11.123Z ",
            "2026-11-30t14:02:11.123z",
            "1969-12-31T23:59:59.999Z",
            "+026-11-30T14:02:11.123Z",
            "2026-11-30T14:02:11.1२Z",
        ] {
            assert!(text.parse::<WallTime>().is_err(), "{text}");
        }
        let wrong = "yesterday".parse::<WallTime>().unwrap_err().to_string();
        assert!(wrong.contains("2026-11-30T14:02:11.123Z") && wrong.ends_with("got \"yesterday\""), "{wrong}");
    }

    #[test]
    fn what_no_clock_should_show_is_brought_into_range() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(WallTime::from(before), WallTime::from_unix_ms(0));
        assert_eq!(WallTime::MAX.after(Duration::MAX), WallTime::MAX);
        assert_eq!(WallTime::from_unix_ms(1).since(WallTime::from_unix_ms(2)), None);
    }

    proptest! {
        #[test]
        fn each_is_read_back(ms in 0..=WallTime::MAX.0) {
            let moment = WallTime::from_unix_ms(ms);
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,30}|[0-9:TZ.-]{24}") {
            if let Ok(moment) = text.parse::<WallTime>() {
                prop_assert_eq!(moment.to_string(), text);
            }
        }
    }
}
