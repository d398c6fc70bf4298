//! How plain values and quantities with units are written: what TOML, the environment and flags have in common.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use super::{
    problem::{Place, nearest},
    section::Wrong,
    tree::{Kind, Value},
};
use crate::units::{Bitrate, Size};

/// Pictures smaller than this encode to nothing worth seeing, larger ones than 8K not in real time.
const SIDES: RangeInclusive<u32> = 16..=7680;
/// Below it nothing is understood any more; above it bits no longer fit where GStreamer's elements count them.
const BITRATES: RangeInclusive<f64> = 6_000.0..=1_000_000_000.0;

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Result<String, Wrong> {
    match &value.kind {
        Kind::Text(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(Wrong::expected("a text", value)),
    }
}

/// A text that may be empty.
pub(super) fn any_text(value: &Value) -> Result<String, Wrong> {
    match &value.kind {
        Kind::Text(text) => Ok(text.clone()),
        _ => Err(Wrong::expected("a text", value)),
    }
}

/// One of `words`, as what it stands for.
pub(super) fn word<T: Clone>(value: &Value, words: &[(&str, T)]) -> Result<T, Wrong> {
    let all = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    let Kind::Text(text) = &value.kind else { return Err(Wrong::expected(&format!("one of {all}"), value)) };
    if let Some((_, meant)) = words.iter().find(|(word, _)| word == text) {
        return Ok(meant.clone());
    }
    let Wrong(mut what) = Wrong::expected(&format!("one of {all}"), value);
    if let Some(near) = nearest(text, words.iter().map(|(word, _)| *word)) {
        what = format!("{what}; the nearest is {near:?}");
    }
    Err(Wrong(what))
}

/// `true` or `false`.
pub(super) fn boolean(value: &Value) -> Result<bool, Wrong> {
    match &value.kind {
        Kind::Boolean(yes) => Ok(*yes),
        _ => Err(Wrong::expected("true or false", value)),
    }
}

/// A whole number within `range`; from flags and the environment as digits.
pub(super) fn integer<T>(value: &Value, range: RangeInclusive<T>) -> Result<T, Wrong>
where
    T: TryFrom<i64> + PartialOrd + std::fmt::Display,
{
    let number = match &value.kind {
        Kind::Integer(number) => Some(*number),
        Kind::Text(digits) if matches!(value.place, Place::Flag(_) | Place::Variable(_)) => digits.parse().ok(),
        _ => None,
    };
    number
        .and_then(|number| T::try_from(number).ok())
        .filter(|number| range.contains(number))
        .ok_or_else(|| Wrong::expected(&format!("a whole number from {} to {}", range.start(), range.end()), value))
}

/// `"1280x720"`.
pub(super) fn size(value: &Value) -> Result<Size, Wrong> {
    let what = "a size in pixels like \"1280x720\"";
    let Kind::Text(text) = &value.kind else { return Err(Wrong::expected(what, value)) };
    let side = |digits: &str| digits.parse::<u32>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    let Some((width, height)) = text.split_once('x').and_then(|(w, h)| Some((side(w)?, side(h)?))) else {
        return Err(Wrong::expected(what, value));
    };
    if !SIDES.contains(&width) || !SIDES.contains(&height) {
        return Err(Wrong::expected(&format!("sides from {} to {} pixels", SIDES.start(), SIDES.end()), value));
    }
    if width % 2 != 0 || height % 2 != 0 {
        let even = format!("{}x{}", width & !1, height & !1);
        let Wrong(what) = Wrong::expected("even sides, as video encoders want them", value);
        return Err(Wrong(format!("{what}; {even:?} fits")));
    }
    Ok(Size { width, height })
}

/// `"2000k"`, `"2M"`, in bit/s.
pub(super) fn bitrate(value: &Value) -> Result<Bitrate, Wrong> {
    let what = "a bitrate with its unit like \"2000k\" or \"2M\" (bit/s)";
    let scaled = match &value.kind {
        Kind::Text(text) => scaled(text, &[("k", 1e3), ("M", 1e6), ("G", 1e9)]),
        _ => None,
    };
    let bits = scaled.ok_or_else(|| Wrong::expected(what, value))?;
    if !BITRATES.contains(&bits) {
        return Err(Wrong::expected("a bitrate from 6k to 1G", value));
    }
    // Within u32, as the range says.
    Ok(Bitrate::from_bits(bits.round() as u32))
}

/// `"200ms"`, `"10s"`, `"5min"`, within `range`.
pub(super) fn duration(value: &Value, range: RangeInclusive<Duration>) -> Result<Duration, Wrong> {
    let seconds = match &value.kind {
        Kind::Text(text) => scaled(text, &[("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)]),
        _ => None,
    };
    let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    length.filter(|length| range.contains(length)).ok_or_else(|| {
        let what =
            format!("a time with its unit like \"200ms\" or \"10s\", from {:?} to {:?}", range.start(), range.end());
        Wrong::expected(&what, value)
    })
}

/// `"256KiB"`, `"1MB"`, within `range`.
pub(super) fn bytes(value: &Value, range: RangeInclusive<usize>) -> Result<usize, Wrong> {
    let units = [
        ("B", 1.0),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GiB", 1_073_741_824.0),
        ("GB", 1e9),
    ];
    let count = match &value.kind {
        Kind::Text(text) => scaled(text, &units),
        _ => None,
    };
    count.map(|count| count.round() as usize).filter(|count| range.contains(count)).ok_or_else(|| {
        let what = format!(
            "a number of bytes with its unit like \"256KiB\" or \"1MB\", from {} to {} bytes",
            range.start(),
            range.end()
        );
        Wrong::expected(&what, value)
    })
}

/// `"50000-50100"`.
pub(super) fn ports(value: &Value) -> Result<RangeInclusive<u16>, Wrong> {
    let range = match &value.kind {
        Kind::Text(text) => text.split_once('-').and_then(|(first, last)| {
            let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
            (first > 0 && first <= last).then_some(first..=last)
        }),
        _ => None,
    };
    range.ok_or_else(|| Wrong::expected("ports like \"50000-50100\", the smaller first", value))
}

/// `"127.0.0.1:8080"`, `"[::1]:8080"`, `"localhost:8080"`; `None` for `"none"`.
pub(super) fn listen(value: &Value) -> Result<Option<SocketAddr>, Wrong> {
    let address = match &value.kind {
        Kind::Text(text) if text == "none" => return Ok(None),
        Kind::Text(text) => match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}").parse().ok(),
            None => text.parse().ok(),
        },
        _ => None,
    };
    let what = "an address and a port like \"127.0.0.1:8080\" or \"[::1]:8080\", or \"none\"";
    address.map(Some).ok_or_else(|| Wrong::expected(what, value))
}

/// A plain decimal number before one of `units`, in the base unit.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (digits, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    let number = digits.parse::<f64>().ok()?;
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Value {
        Value::text(text, Place::File { line: 1, column: 1 })
    }

    #[test]
    fn sizes() {
        assert_eq!(size(&said("640x360")).ok(), Some(Size { width: 640, height: 360 }));
        for (text, why) in [
            ("640", "a size in pixels"),
            ("640×360", "a size in pixels"),
            ("+640x360", "a size in pixels"),
            ("640x361", "\"640x360\" fits"),
            ("8x8", "sides from 16 to 7680 pixels"),
            ("99999999999x2", "a size in pixels"),
        ] {
            let Err(Wrong(what)) = size(&said(text)) else { panic!("{text}") };
            assert!(what.contains(why), "{text}: {what}");
        }
    }

    #[test]
    fn bitrates() {
        for (text, bits) in [("2000k", 2_000_000), ("2M", 2_000_000), ("2.5M", 2_500_000), ("64 k", 64_000)] {
            assert_eq!(bitrate(&said(text)).ok(), Some(Bitrate::from_bits(bits)), "{text}");
        }
        for text in ["2000", "2000K", "fast", "-2M", "5G", "1k", "1.2.3M", "k", "2Mbit", "\u{0660}k"] {
            assert!(bitrate(&said(text)).is_err(), "{text}");
        }
        let number = Value { kind: Kind::Integer(2000), place: Place::Default };
        let Err(Wrong(what)) = bitrate(&number) else { panic!() };
        assert_eq!(what, "expected a bitrate with its unit like \"2000k\" or \"2M\" (bit/s), got the number 2000");
    }

    #[test]
    fn durations_and_bytes() {
        let all = Duration::ZERO..=Duration::from_secs(86_400);
        for (text, ms) in [("200ms", 200), ("1.5s", 1500), ("2min", 120_000), ("24h", 86_400_000)] {
            assert_eq!(duration(&said(text), all.clone()).ok(), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["200", "2days", "2d", "s", "1e3s"] {
            assert!(duration(&said(text), all.clone()).is_err(), "{text}");
        }
        for (text, count) in [("256KiB", 262_144), ("1MB", 1_000_000), ("512B", 512)] {
            assert_eq!(bytes(&said(text), 1..=10_000_000).ok(), Some(count), "{text}");
        }
        assert!(bytes(&said("1GB"), 1..=10_000_000).is_err());
    }

    #[test]
    fn numbers_are_digits_only_where_there_is_no_other_way_to_write_them() {
        let flag = Value::text("30", Place::Flag("--fps"));
        assert_eq!(integer(&flag, 1_u32..=240).ok(), Some(30));
        assert!(integer(&said("30"), 1_u32..=240).is_err());
        let number = Value { kind: Kind::Integer(241), place: Place::Default };
        let Err(Wrong(what)) = integer(&number, 1_u32..=240) else { panic!() };
        assert_eq!(what, "expected a whole number from 1 to 240, got the number 241");
    }

    #[test]
    fn addresses_and_ports() {
        assert_eq!(listen(&said("localhost:80")).ok().flatten(), Some(([127, 0, 0, 1], 80).into()));
        assert_eq!(listen(&said("none")).ok(), Some(None));
        assert!(listen(&said("8080")).is_err());
        assert_eq!(ports(&said("50000-50100")).ok(), Some(50000..=50100));
        for text in ["50100-50000", "0-1", "50000", "1-70000"] {
            assert!(ports(&said(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn words_name_the_nearest() {
        let Err(Wrong(what)) = word(&said("rellay"), &[("all", 1), ("relay", 2)]) else { panic!() };
        assert_eq!(what, "expected one of all, relay, got \"rellay\"; the nearest is \"relay\"");
    }
}
