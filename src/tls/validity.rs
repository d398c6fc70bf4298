//! From when until when a certificate holds.

use std::fmt;

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// How long before its end a certificate is said to end, at most: who renews them by a program does so a third of their life
/// before it, 30 days for those of 90.
const SOON: Duration = Duration::days(14);
/// The same, as a part of its life, for those that last some days only.
const SOON_PART: i32 = 6;

/// The time in which a certificate holds, both ends included (RFC 5280, section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its begin.
    pub from: OffsetDateTime,
    /// Its end.
    pub until: OffsetDateTime,
}

/// What is to be expected of a certificate, at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It does not hold before this day.
    Early(Date),
    /// It holds until then.
    Lasting(Date),
    /// It holds so many whole days yet, and should have been renewed.
    Ending {
        /// Its last day.
        until: Date,
        /// Until then.
        days: i64,
    },
    /// It has ended on this day.
    Over(Date),
}

/// The tags of DER (ITU-T X.690, section 8.1.2) that stand before and in what is looked for.
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`, in which a certificate's version is.
const VERSION: u8 = 0xa0;

impl Validity {
    /// That of a certificate in DER; `None` where it is none.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let mut whole = Der(certificate);
        let mut certificate = Der(whole.take(SEQUENCE)?);
        let mut signed = Der(certificate.take(SEQUENCE)?);
        // Version, which may be missing, serial number, algorithm and issuer stand before it (RFC 5280, section 4.1).
        let _ = signed.take(VERSION);
        signed.take(INTEGER)?;
        signed.take(SEQUENCE)?;
        signed.take(SEQUENCE)?;
        let mut validity = Der(signed.take(SEQUENCE)?);
        Some(Self { from: validity.take_time()?, until: validity.take_time()? })
    }

    /// Whether it holds at this moment.
    #[must_use]
    pub fn holds(&self, now: OffsetDateTime) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// What is to be expected of it.
    #[must_use]
    pub fn outlook(&self, now: OffsetDateTime) -> Outlook {
        let (left, until) = (self.until - now, self.until.date());
        if now < self.from {
            Outlook::Early(self.from.date())
        } else if left.is_negative() {
            Outlook::Over(until)
        } else if left < SOON.min((self.until - self.from) / SOON_PART) {
            Outlook::Ending { until, days: left.whole_days() }
        } else {
            Outlook::Lasting(until)
        }
    }
}

/// What follows the certificate's name.
impl fmt::Display for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early(from) => write!(f, "does not hold before {from}"),
            Self::Lasting(until) => write!(f, "holds until {until}"),
            Self::Ending { until, days: 0 } => write!(f, "ends on {until}, in less than a day"),
            Self::Ending { until, days: 1 } => write!(f, "ends on {until}, in 1 day"),
            Self::Ending { until, days } => write!(f, "ends on {until}, in {days} days"),
            Self::Over(until) => write!(f, "ended on {until}"),
        }
    }
}

/// DER that is read from its front.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The contents of the next element, if it has this tag; else it stays.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let rest = self.0.strip_prefix(&[tag])?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // So many bytes with the length follow; a certificate has no gigabytes.
            let (length, rest) =
                rest.split_at_checked(usize::from(first & 0x7f)).filter(|(length, _)| length.len() <= 4)?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(contents)
    }

    fn take_time(&mut self) -> Option<OffsetDateTime> {
        if let Some(text) = self.take(UTC_TIME) {
            let (year, rest) = number(text, 2)?;
            // Two digits are of 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
            return moment(if year < 50 { 2000 + year } else { 1900 + year }, rest);
        }
        let (year, rest) = number(self.take(GENERALIZED_TIME)?, 4)?;
        moment(year, rest)
    }
}

/// `MMDDHHMMSSZ` of a year.
fn moment(year: u16, text: &[u8]) -> Option<OffsetDateTime> {
    let (mut parts, mut rest) = ([0; 5], text);
    for part in &mut parts {
        let (value, behind) = number(rest, 2)?;
        // Two digits fit.
        (*part, rest) = (value as u8, behind);
    }
    let [month, day, hour, minute, second] = parts;
    let date = Date::from_calendar_date(year.into(), Month::try_from(month).ok()?, day).ok()?;
    let time = Time::from_hms(hour, minute, second).ok()?;
    (rest == b"Z").then(|| PrimitiveDateTime::new(date, time).assume_utc())
}

/// A number of so many digits, and what stands behind it.
fn number(text: &[u8], digits: usize) -> Option<(u16, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let is_number = number.iter().all(u8::is_ascii_digit);
    is_number.then(|| (number.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn both_forms_of_time_are_read() {
        // RFC 5280 has years from 2050 on as GeneralizedTime.
        for (from, until) in [
            (date_time_ymd(1999, 12, 31), date_time_ymd(2049, 12, 31)),
            (date_time_ymd(2026, 2, 28), date_time_ymd(2050, 1, 1)),
        ] {
            let mut parameters = CertificateParams::new(["camera.example".to_owned()]).unwrap();
            (parameters.not_before, parameters.not_after) = (from, until);
            let certificate = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let validity = Validity::of(certificate.der()).unwrap();
            assert_eq!(validity, Validity { from, until });
            assert!(validity.holds(from) && validity.holds(until) && !validity.holds(until + time::Duration::SECOND));
        }
    }

    #[test]
    fn one_that_should_have_been_renewed_is_said_to_end() {
        let now = date_time_ymd(2026, 12, 1);
        let outlook = |from, until| {
            let days = |count| now + Duration::days(count);
            Validity { from: days(from), until: days(until) }.outlook(now).to_string()
        };
        assert_eq!(outlook(1, 90), "does not hold before 2026-12-02");
        assert_eq!(outlook(-75, 15), "holds until 2026-12-16");
        assert_eq!(outlook(-77, 13), "ends on 2026-12-14, in 13 days");
        assert_eq!(outlook(-4, 2), "holds until 2026-12-03", "of six days, the last is soon");
        assert_eq!(outlook(-6, 0), "ends on 2026-12-01, in less than a day");
        assert_eq!(outlook(-89, 1), "ends on 2026-12-02, in 1 day");
        assert_eq!(outlook(-90, -1), "ended on 2026-11-30");
    }

    #[test]
    fn no_month_or_day_is_made_up() {
        for text in ["1301000000Z", "0230000000Z", "0101240000Z", "0101000000", "0101000000Zx", "01010000 0Z"] {
            assert_eq!(moment(2026, text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Validity::of(&bytes);
            let head = [SEQUENCE, 0x82, 1, 44, SEQUENCE, 0x82, 1, 40];
            let _ = Validity::of(&[head.as_slice(), &bytes].concat());
        }
    }
}
