//! The payload types of a media section: `a=rtpmap`, `a=fmtp` and `a=rtcp-fb`.

use super::{Excerpt, Format, Place, SdpError, lines::Attribute};
use crate::codec::MediaKind;

/// The payload types that need no `a=rtpmap` (RFC 3551, table 4), of those that browsers offer.
const STATIC: [(u8, &str); 4] = [(0, "PCMU"), (8, "PCMA"), (9, "G722"), (13, "CN")];

/// Names in GStreamer's caps that an `a=fmtp` parameter must not write over.
const RESERVED: [&str; 12] = [
    "media",
    "payload",
    "clock-rate",
    "encoding-name",
    "encoding-params",
    "ssrc",
    "mid",
    "rid",
    "clock-base",
    "seqnum-base",
    "timestamp-offset",
    "onvif-mode",
];
const RESERVED_PREFIXES: [&str; 7] = ["extmap-", "rtcp-fb-", "ssrc-", "a-", "rid-", "srtp", "srtcp"];

/// Reads the formats behind `payload_types`, in their order. Those that nothing is known of are left out.
pub(super) fn read(
    place: Place,
    kind: MediaKind,
    payload_types: &[&str],
    attributes: &[Attribute<'_>],
) -> Result<Vec<Format>, SdpError> {
    let mut formats = Vec::new();
    for text in payload_types {
        let expected = "payload types from 0 to 127, each once";
        let invalid = || SdpError::MediaLine { place, expected, got: Excerpt::new(text) };
        let payload_type = payload_type(text).ok_or_else(invalid)?;
        if formats.iter().any(|format: &Format| format.payload_type == payload_type) {
            return Err(invalid());
        }
        formats.push(Format {
            payload_type,
            encoding_name: String::new(),
            clock_rate: 0,
            channels: None,
            parameters: String::new(),
            feedback: Vec::new(),
        });
    }
    for Attribute { name, value } in attributes {
        match *name {
            "rtpmap" => add_rtpmap(place, &mut formats, value)?,
            "fmtp" => add_parameters(place, &mut formats, value)?,
            "rtcp-fb" => add_feedback(place, &mut formats, value)?,
            _ => {}
        }
    }
    for format in formats.iter_mut().filter(|format| format.encoding_name.is_empty() && kind == MediaKind::Audio) {
        if let Some((_, name)) = STATIC.into_iter().find(|(payload_type, _)| *payload_type == format.payload_type) {
            name.clone_into(&mut format.encoding_name);
            format.clock_rate = 8000;
        }
    }
    formats.retain(|format| !format.encoding_name.is_empty());
    if formats.is_empty() { Err(SdpError::NoFormat { place }) } else { Ok(formats) }
}

/// `a=rtpmap:TYPE NAME/RATE[/CHANNELS]`
fn add_rtpmap(place: Place, formats: &mut [Format], value: &str) -> Result<(), SdpError> {
    let invalid = || SdpError::invalid(place, "rtpmap", "a payload type once, and a name/rate[/channels]", value);
    let (number, map) = value.split_once(' ').ok_or_else(invalid)?;
    let Some(format) = find(formats, payload_type(number).ok_or_else(invalid)?) else { return Ok(()) };
    let mut parts = map.trim().split('/');
    let (name, rate, channels) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next());
    let name_fits = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    // GStreamer counts in gint, and scales timestamps by the rate.
    let rate = number_of(rate).filter(|rate| (1..=1_000_000).contains(rate)).ok_or_else(invalid)?;
    if !name_fits || !format.encoding_name.is_empty() || parts.next().is_some() {
        return Err(invalid());
    }
    if let Some(channels) = channels {
        let channels = number_of(channels).and_then(|channels| u8::try_from(channels).ok());
        format.channels = Some(channels.filter(|channels| *channels != 0).ok_or_else(invalid)?);
    }
    format.encoding_name = name.to_ascii_uppercase();
    format.clock_rate = rate;
    Ok(())
}

/// `a=fmtp:TYPE PARAMETERS`
fn add_parameters(place: Place, formats: &mut [Format], value: &str) -> Result<(), SdpError> {
    let invalid = || SdpError::invalid(place, "fmtp", "a payload type once, and parameters in printable ASCII", value);
    let (number, parameters) = value.split_once(' ').ok_or_else(invalid)?;
    let Some(format) = find(formats, payload_type(number).ok_or_else(invalid)?) else { return Ok(()) };
    let parameters = parameters.trim();
    if !format.parameters.is_empty() || parameters.is_empty() || !is_printable(parameters) {
        return Err(invalid());
    }
    for key in parameters.split(';').map(|parameter| parameter.split('=').next().unwrap_or("").trim()) {
        let lower = key.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
            return Err(SdpError::ReservedParameter { place, got: Excerpt::new(key) });
        }
    }
    parameters.clone_into(&mut format.parameters);
    Ok(())
}

/// `a=rtcp-fb:TYPE VALUE`, or `*` for all payload types.
fn add_feedback(place: Place, formats: &mut [Format], value: &str) -> Result<(), SdpError> {
    let invalid = || SdpError::invalid(place, "rtcp-fb", "a payload type or *, and words", value);
    let (target, feedback) = value.split_once(' ').ok_or_else(invalid)?;
    let feedback = feedback.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.".contains(&byte);
    if feedback.is_empty() || feedback.len() > 64 || !feedback.bytes().all(fits) {
        return Err(invalid());
    }
    let target = if target == "*" { None } else { Some(payload_type(target).ok_or_else(invalid)?) };
    for format in formats.iter_mut().filter(|format| target.is_none_or(|target| target == format.payload_type)) {
        if !format.feedback.contains(&feedback) {
            format.feedback.push(feedback.clone());
        }
    }
    Ok(())
}

fn find(formats: &mut [Format], payload_type: u8) -> Option<&mut Format> {
    formats.iter_mut().find(|format| format.payload_type == payload_type)
}

fn payload_type(text: &str) -> Option<u8> {
    number_of(text).and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 127)
}

fn number_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place::Section(0);

    fn read_lines(kind: MediaKind, types: &str, lines: &[(&str, &str)]) -> Result<Vec<Format>, SdpError> {
        let attributes: Vec<_> = lines.iter().map(|(name, value)| Attribute { name, value }).collect();
        read(PLACE, kind, &types.split(' ').collect::<Vec<_>>(), &attributes)
    }

    #[test]
    fn formats_keep_the_order_of_the_media_line() {
        let lines = [("rtpmap", "96 vp8/90000"), ("rtpmap", "102 H264/90000"), ("rtpmap", "111 opus/48000/2")];
        let formats = read_lines(MediaKind::Video, "102 96", &lines).unwrap();
        let names: Vec<_> = formats.iter().map(|format| (format.payload_type, format.encoding_name.as_str())).collect();
        assert_eq!(names, [(102, "H264"), (96, "VP8")]);
    }

    #[test]
    fn static_types_are_known_and_others_without_a_map_left_out() {
        let formats = read_lines(MediaKind::Audio, "0 111 96", &[("rtpmap", "111 opus/48000/2")]).unwrap();
        assert_eq!(formats.iter().map(|format| format.payload_type).collect::<Vec<_>>(), [0, 111]);
        assert_eq!(read_lines(MediaKind::Video, "0 96", &[]), Err(SdpError::NoFormat { place: PLACE }));
    }

    #[test]
    fn feedback_for_all_types_reaches_each_once() {
        let lines =
            [("rtpmap", "96 VP8/90000"), ("rtpmap", "98 VP9/90000"), ("rtcp-fb", "96 nack"), ("rtcp-fb", "*  nack")];
        let formats = read_lines(MediaKind::Video, "96 98", &lines).unwrap();
        assert!(formats.iter().all(|format| format.feedback == ["nack"]), "{formats:?}");
    }

    #[test]
    fn a_format_cannot_be_defined_twice() {
        for twice in [("rtpmap", "96 H264/90000"), ("fmtp", "96 b=2")] {
            let lines = [("rtpmap", "96 VP8/90000"), ("fmtp", "96 a=1"), twice];
            assert!(matches!(read_lines(MediaKind::Video, "96", &lines), Err(SdpError::Invalid { .. })), "{twice:?}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (types, line) in [
            ("128", ("rtpmap", "96 VP8/90000")),
            ("96 96", ("rtpmap", "96 VP8/90000")),
            ("+96", ("rtpmap", "96 VP8/90000")),
            ("", ("rtpmap", "96 VP8/90000")),
            ("96", ("rtpmap", "96 VP8")),
            ("96", ("rtpmap", "96 VP8/0")),
            ("96", ("rtpmap", "96 VP8/4294967295")),
            ("96", ("rtpmap", "96 VP8/90000/0")),
            ("96", ("rtpmap", "96 VP8/90000/256")),
            ("96", ("rtpmap", "96 V\u{e9}8/90000")),
            ("96", ("rtpmap", "300 VP8/90000")),
            ("96", ("fmtp", "96 \u{e9}=1")),
            ("96", ("rtcp-fb", "96 a;b")),
            ("96", ("rtcp-fb", "96")),
        ] {
            assert!(read_lines(MediaKind::Video, types, &[line]).is_err(), "{types} {line:?}");
        }
    }
}
