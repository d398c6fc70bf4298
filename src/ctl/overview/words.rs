//! Quantities as people read them at a glance. What is not known is a dash, or nothing where it can't be known.

use std::time::{Duration, SystemTime};

/// How long ago `since` was: `12s`, `3m`, `5h`, `9d`.
pub(super) fn age(now: SystemTime, since: SystemTime) -> String {
    length(now.duration_since(since).unwrap_or_default())
}

fn length(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// `12.3 MB`, in powers of ten as disks are sold.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A share of 0 to 1 in percent.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.1}%", share * 100.0))
}

/// A time in ms.
pub(super) fn ms(ms: Option<f64>) -> String {
    ms.map_or_else(dash, |ms| format!("{ms:.1}ms"))
}

/// A dash, for what is not known.
pub(super) fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits_the_quantity() {
        let lengths = [0, 119, 120, 7199, 7200, 172_799, 172_800].map(|s| length(Duration::from_secs(s)));
        assert_eq!(lengths, ["0s", "119s", "2m", "119m", "2h", "47h", "2d"]);
        assert_eq!([999, 1500, 2_500_000, 12_340_000_000].map(bytes), ["999 B", "1.5 kB", "2.5 MB", "12.3 GB"]);
        assert_eq!((percent(Some(0.074)), ms(Some(12.34)), ms(None)), ("7.4%".into(), "12.3ms".into(), "-".into()));
    }

    #[test]
    fn a_clock_that_was_set_back_shows_no_age() {
        assert_eq!(age(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(9)), "0s");
    }
}
