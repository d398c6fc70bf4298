//! One `m=` section, checked by itself.

use super::{
    Direction, Excerpt, Fingerprint, Place, RemoteCandidate, SdpError, Section, SectionKind,
    candidate::{self, ParsedCandidate},
    fingerprint::InvalidFingerprint,
    format,
    lines::{Attribute, SectionLines},
    source::Sources,
};
use crate::codec::MediaKind;

/// The most candidates that are taken from a description.
const MAX_CANDIDATES: usize = 64;

/// A section with all that is handed on of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckedSection {
    /// What the outline shows.
    pub(super) section: Section,
    /// `a=rtcp-mux`.
    pub(super) rtcp_mux: bool,
    /// `a=rtcp-rsize`.
    pub(super) rtcp_rsize: bool,
    /// Directions of `a=extmap` lines that have one.
    pub(super) extension_directions: Vec<(u8, Direction)>,
    /// RTP streams.
    pub(super) sources: Sources,
    /// `a=sctp-port`, for data channels.
    pub(super) sctp_port: Option<u16>,
    /// `a=max-message-size`, in bytes.
    pub(super) max_message_size: Option<u64>,
    /// Candidates that came with the description.
    pub(super) candidates: Vec<RemoteCandidate>,
}

/// What the session part or a section says of its transport.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TransportLines {
    pub(super) ufrag: Option<String>,
    pub(super) password: Option<String>,
    pub(super) setup: Option<Setup>,
    pub(super) fingerprint: Option<Fingerprint>,
}

/// `a=setup`: who begins with DTLS (RFC 8842).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setup {
    Active,
    Passive,
    Actpass,
}

/// Reads a section. `inherited` is the direction that the session part gives to all.
pub(super) fn read(
    index: usize,
    lines: &SectionLines<'_>,
    inherited: Option<Direction>,
) -> Result<(CheckedSection, TransportLines), SdpError> {
    let place = Place::Section(index);
    let media = MediaLine::parse(place, lines.media)?;
    let mid = mid(place, &lines.attributes)?;
    let bundle_only = lines.attributes.iter().any(|attribute| attribute.name == "bundle-only");
    let rejected = media.port == 0 && !bundle_only;
    let mut checked = CheckedSection::new(media.kind, mid, rejected);
    if rejected {
        return Ok((checked, TransportLines::default()));
    }
    checked.section.direction = direction(place, &lines.attributes)?.or(inherited).unwrap_or(Direction::SendRecv);
    match media.kind {
        SectionKind::Media(kind) => checked.read_media(place, kind, &media.formats, &lines.attributes)?,
        SectionKind::Application => checked.read_application(place, &lines.attributes)?,
    }
    // Only the first section's count: all share its transport.
    if index == 0 {
        checked.candidates = candidates(&lines.attributes);
    }
    Ok((checked, TransportLines::read(place, &lines.attributes)?))
}

impl CheckedSection {
    fn new(kind: SectionKind, mid: String, rejected: bool) -> Self {
        Self {
            section: Section {
                kind,
                mid,
                rejected,
                direction: Direction::Inactive,
                formats: Vec::new(),
                extensions: Vec::new(),
                msid: None,
            },
            rtcp_mux: false,
            rtcp_rsize: false,
            extension_directions: Vec::new(),
            sources: Sources::default(),
            sctp_port: None,
            max_message_size: None,
            candidates: Vec::new(),
        }
    }

    fn read_media(
        &mut self,
        place: Place,
        kind: MediaKind,
        payload_types: &[&str],
        attributes: &[Attribute<'_>],
    ) -> Result<(), SdpError> {
        self.section.formats = format::read(place, kind, payload_types, attributes)?;
        for attribute in attributes {
            match attribute.name {
                "rtcp-mux" => self.rtcp_mux = true,
                "rtcp-rsize" => self.rtcp_rsize = true,
                "extmap" => self.add_extension(place, attribute.value)?,
                "ssrc" => self.sources.add(place, attribute.value)?,
                "ssrc-group" => self.sources.group(place, attribute.value)?,
                "msid" if self.section.msid.is_none() => {
                    self.section.msid = Some(msid(place, "msid", attribute.value)?);
                }
                _ => {}
            }
        }
        if self.section.msid.is_none() {
            self.section.msid = self.sources.msid();
        }
        Ok(())
    }

    fn read_application(&mut self, place: Place, attributes: &[Attribute<'_>]) -> Result<(), SdpError> {
        let port = only(place, attributes, "sctp-port")?.ok_or(SdpError::Missing { place, attribute: "sctp-port" })?;
        let valid = port.parse().ok().filter(|port: &u16| *port != 0);
        self.sctp_port = Some(valid.ok_or_else(|| SdpError::invalid(place, "sctp-port", "1 to 65535", port))?);
        if let Some(size) = only(place, attributes, "max-message-size")? {
            let invalid = |_| SdpError::invalid(place, "max-message-size", "a number of bytes", size);
            self.max_message_size = Some(size.parse().map_err(invalid)?);
        }
        Ok(())
    }

    /// `a=extmap:ID[/DIRECTION] URI [ATTRIBUTES]` (RFC 8285). The attributes are left out.
    fn add_extension(&mut self, place: Place, value: &str) -> Result<(), SdpError> {
        let invalid = || SdpError::invalid(place, "extmap", "a new id from 1 to 255 and a URI", value);
        let mut words = value.split_ascii_whitespace();
        let (Some(id), Some(uri)) = (words.next(), words.next()) else { return Err(invalid()) };
        let (id, direction) = id.split_once('/').map_or((id, None), |(id, direction)| (id, Some(direction)));
        let id: u8 = id.parse().ok().filter(|id| *id != 0).ok_or_else(invalid)?;
        let known = self.section.extensions.iter().any(|(other, _)| *other == id);
        if known || !is_graphic(uri) || uri.contains(['"', '\\']) {
            return Err(invalid());
        }
        if let Some(direction) = direction {
            let direction = Direction::from_attribute(direction).ok_or_else(invalid)?;
            self.extension_directions.push((id, direction));
        }
        self.section.extensions.push((id, uri.to_owned()));
        Ok(())
    }
}

impl TransportLines {
    /// Reads what the session part, or a section, says.
    pub(super) fn read(place: Place, attributes: &[Attribute<'_>]) -> Result<Self, SdpError> {
        let ufrag = ice_text(place, attributes, "ice-ufrag", "4 to 256 letters, digits, '+' or '/'", 4)?;
        let password = ice_text(place, attributes, "ice-pwd", "22 to 256 letters, digits, '+' or '/'", 22)?;
        let setup = match only(place, attributes, "setup")? {
            None => None,
            Some("active") => Some(Setup::Active),
            Some("passive") => Some(Setup::Passive),
            Some("actpass") => Some(Setup::Actpass),
            Some(other) => return Err(SdpError::invalid(place, "setup", "active, passive or actpass", other)),
        };
        Ok(Self { ufrag, password, setup, fingerprint: fingerprint(place, attributes)? })
    }
}

impl Setup {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Actpass => "actpass",
        }
    }
}

/// The direction among `attributes`, where there is one.
pub(super) fn direction(place: Place, attributes: &[Attribute<'_>]) -> Result<Option<Direction>, SdpError> {
    let mut directions = attributes.iter().filter_map(|attribute| Direction::from_attribute(attribute.name));
    match (directions.next(), directions.next()) {
        (_, Some(_)) => Err(SdpError::Repeated { place, attribute: "sendrecv, sendonly, recvonly or inactive" }),
        (direction, None) => Ok(direction),
    }
}

/// A `msid` value: a stream's id, and a track's where there is one (RFC 8830).
pub(super) fn msid(place: Place, attribute: &'static str, value: &str) -> Result<(String, String), SdpError> {
    let (stream, track) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    let stream = token(place, attribute, stream)?;
    let track = if track.is_empty() { "" } else { token(place, attribute, track)? };
    Ok((stream.to_owned(), track.to_owned()))
}

/// A word of visible ASCII.
pub(super) fn token<'a>(place: Place, attribute: &'static str, text: &'a str) -> Result<&'a str, SdpError> {
    if is_graphic(text) && text.len() <= 256 {
        Ok(text)
    } else {
        Err(SdpError::invalid(place, attribute, "1 to 256 visible ASCII characters", text))
    }
}

/// The value of the one attribute of this name.
pub(super) fn only<'a>(
    place: Place,
    attributes: &[Attribute<'a>],
    name: &'static str,
) -> Result<Option<&'a str>, SdpError> {
    let mut values = attributes.iter().filter(|attribute| attribute.name == name).map(|attribute| attribute.value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(SdpError::Repeated { place, attribute: name }),
        (value, None) => Ok(value),
    }
}

struct MediaLine<'a> {
    kind: SectionKind,
    port: u16,
    formats: Vec<&'a str>,
}

impl<'a> MediaLine<'a> {
    fn parse(place: Place, value: &'a str) -> Result<Self, SdpError> {
        let mut words = value.split_ascii_whitespace();
        let mut next = || words.next().unwrap_or("");
        let (kind, port, protocol) = (next(), next(), next());
        let kind = match kind {
            "audio" => SectionKind::Media(MediaKind::Audio),
            "video" => SectionKind::Media(MediaKind::Video),
            "application" => SectionKind::Application,
            other => return Err(SdpError::Kind { place, got: Excerpt::new(other) }),
        };
        let invalid = |expected, got| SdpError::MediaLine { place, expected, got: Excerpt::new(got) };
        let port = port.parse().map_err(|_| invalid("a port from 0 to 65535", port))?;
        let expected = kind.protocol();
        if protocol != expected {
            return Err(SdpError::Protocol { place, expected, got: Excerpt::new(protocol) });
        }
        let formats: Vec<&str> = words.collect();
        if kind == SectionKind::Application && formats != [SectionKind::CHANNELS] {
            return Err(invalid(SectionKind::CHANNELS, &formats.join(" ")));
        }
        Ok(Self { kind, port, formats })
    }
}

impl SectionKind {
    /// The format of a section for data channels (RFC 8841).
    pub(super) const CHANNELS: &'static str = "webrtc-datachannel";

    /// What it goes over (RFC 8829, section 5.1.2).
    pub(super) const fn protocol(self) -> &'static str {
        match self {
            Self::Media(_) => "UDP/TLS/RTP/SAVPF",
            Self::Application => "UDP/DTLS/SCTP",
        }
    }
}

fn mid(place: Place, attributes: &[Attribute<'_>]) -> Result<String, SdpError> {
    let mid = only(place, attributes, "mid")?.ok_or(SdpError::Missing { place, attribute: "mid" })?;
    if !mid.is_empty() && mid.len() <= 16 && mid.bytes().all(is_token_byte) {
        Ok(mid.to_owned())
    } else {
        Err(SdpError::invalid(place, "mid", "a token of 1 to 16 characters", mid))
    }
}

/// RFC 8866's `token-char`.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~')
}

fn is_graphic(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A text of RFC 8839's `ice-char`.
fn ice_text(
    place: Place,
    attributes: &[Attribute<'_>],
    name: &'static str,
    expected: &'static str,
    shortest: usize,
) -> Result<Option<String>, SdpError> {
    let Some(text) = only(place, attributes, name)? else { return Ok(None) };
    let valid = (shortest..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    if valid {
        Ok(Some(text.to_owned()))
    } else {
        // The password is not shown, nor is what stands in its place.
        let length = format!("{} bytes", text.len());
        Err(SdpError::invalid(place, name, expected, &length))
    }
}

/// The fingerprint that counts: the first of a hash that is taken here. There may be others beside it (RFC 8122).
fn fingerprint(place: Place, attributes: &[Attribute<'_>]) -> Result<Option<Fingerprint>, SdpError> {
    let (mut found, mut unknown) = (None::<Fingerprint>, None);
    let refused = |value: &str| {
        let algorithm = value.split(' ').next().unwrap_or("");
        SdpError::invalid(place, "fingerprint", "sha-256, sha-384 or sha-512 and its bytes in hex", algorithm)
    };
    for value in attributes.iter().filter(|attribute| attribute.name == "fingerprint").map(|attribute| attribute.value)
    {
        match (value.parse::<Fingerprint>(), &found) {
            (Ok(fingerprint), None) => found = Some(fingerprint),
            (Ok(fingerprint), Some(first)) if first.algorithm == fingerprint.algorithm && *first != fingerprint => {
                return Err(SdpError::Repeated { place, attribute: "fingerprint" });
            }
            (Ok(_), Some(_)) => {}
            (Err(InvalidFingerprint::Algorithm), _) => unknown = Some(value),
            (Err(InvalidFingerprint::Bytes), _) => return Err(refused(value)),
        }
    }
    match (found, unknown) {
        (None, Some(value)) => Err(refused(value)),
        (found, _) => Ok(found),
    }
}

/// The usable ones. A bad one is left out: the others may do.
fn candidates(attributes: &[Attribute<'_>]) -> Vec<RemoteCandidate> {
    let lines = attributes.iter().filter(|attribute| attribute.name == "candidate");
    let parsed = lines.map(|line| candidate::parse_value(line.value));
    parsed
        .filter_map(|parsed| match parsed {
            Ok(ParsedCandidate::Usable(candidate)) => Some(candidate),
            Ok(_) | Err(_) => None,
        })
        .take(MAX_CANDIDATES)
        .collect()
}
