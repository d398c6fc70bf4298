//! One remote candidate: from `candidate:...` to what webrtcbin may be given.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use super::Excerpt;
use crate::signal::message::Candidate;

/// The longest candidate that is looked at. A browser's has 150 bytes.
const MAX_BYTES: usize = 1024;

/// A candidate that has passed the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCandidate {
    /// `candidate:...`, in the form that is safe to hand on.
    pub text: String,
    /// Where it points to.
    pub address: IpAddr,
}

/// What a candidate turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedCandidate {
    /// An address to try.
    Usable(RemoteCandidate),
    /// No more will come.
    EndOfCandidates,
    /// Well-formed, but nothing that can be used here.
    Ignored(IgnoredCandidate),
}

/// Why a well-formed candidate is not used. Nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgnoredCandidate {
    /// A browser that hides its addresses gives an mDNS name.
    Mdns,
    /// A host name. Names are never looked up for a peer.
    Name,
    /// Another component than RTP's: RTCP goes over the same one here.
    OtherComponent,
    /// For a section that does not carry the transport: all go over the first one's.
    OtherSection,
    /// Neither UDP nor TCP.
    OtherTransport,
    /// Of a type that is not known here.
    OtherType,
}

/// What is wrong with a candidate. It is the peer's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CandidateError {
    /// The text is too long.
    #[error("expected a candidate of at most {MAX_BYTES} bytes, got {0}")]
    TooLong(usize),
    /// The text holds a control character, a line break for example.
    #[error("expected a candidate without control characters")]
    Control,
    /// The text does not begin as a candidate does.
    #[error("expected candidate:..., got {0}")]
    Prefix(Excerpt),
    /// The candidate does not say which section it is for.
    #[error("expected sdpMid or sdpMLineIndex with a candidate, got neither")]
    NoSection,
    /// A part is not there.
    #[error("expected a candidate's {0}, got its end")]
    Missing(&'static str),
    /// A part is not what it must be.
    #[error("expected {expected} as a candidate's {part}, got {got}")]
    Invalid {
        /// The part's name.
        part: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: Excerpt,
    },
    /// The address is one that no peer can have.
    #[error("expected a candidate with an address of one host, got {0}")]
    Address(&'static str),
}

impl RemoteCandidate {
    /// Takes what a peer sent as a candidate.
    ///
    /// # Errors
    /// When it is none, or could do harm.
    pub fn parse(candidate: &Candidate) -> Result<ParsedCandidate, CandidateError> {
        let parsed = parse_line(&candidate.candidate)?;
        if !matches!(parsed, ParsedCandidate::Usable(_)) {
            return Ok(parsed);
        }
        match (candidate.sdp_m_line_index, &candidate.sdp_mid) {
            (Some(0), _) | (None, Some(_)) => Ok(parsed),
            (Some(_), _) => Ok(ParsedCandidate::Ignored(IgnoredCandidate::OtherSection)),
            (None, None) => Err(CandidateError::NoSection),
        }
    }
}

/// Takes the text of a candidate, with or without `a=` (RFC 8839, section 5.1; RFC 6544 for TCP).
fn parse_line(text: &str) -> Result<ParsedCandidate, CandidateError> {
    if text.len() > MAX_BYTES {
        return Err(CandidateError::TooLong(text.len()));
    }
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(CandidateError::Control);
    }
    let line = text.strip_prefix("a=").unwrap_or(text);
    if line.is_empty() || line == "end-of-candidates" {
        return Ok(ParsedCandidate::EndOfCandidates);
    }
    let value = line.strip_prefix("candidate:").ok_or_else(|| CandidateError::Prefix(Excerpt::new(line)))?;
    parse_value(value)
}

/// Takes the value of an `a=candidate`.
pub(super) fn parse_value(value: &str) -> Result<ParsedCandidate, CandidateError> {
    Ok(match Fields::parse(value)? {
        Ok(fields) => ParsedCandidate::Usable(RemoteCandidate { text: fields.to_string(), address: fields.address }),
        Err(ignored) => ParsedCandidate::Ignored(ignored),
    })
}

/// A usable candidate's parts. Where it was gathered from (`raddr`), whose it is (`ufrag`) and the rest are left out:
/// ICE works without, and what is not handed on does no harm.
struct Fields<'a> {
    foundation: &'a str,
    transport: Transport,
    priority: u32,
    address: IpAddr,
    port: u16,
    kind: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp(&'static str),
}

impl<'a> Fields<'a> {
    fn parse(value: &'a str) -> Result<Result<Self, IgnoredCandidate>, CandidateError> {
        let mut words = value.split_ascii_whitespace();
        let mut next = |part| words.next().ok_or(CandidateError::Missing(part));
        let (foundation, component) = (next("foundation")?, next("component")?);
        let (transport, priority) = (next("transport")?, next("priority")?);
        let (address, port, typ, kind) = (next("address")?, next("port")?, next("typ")?, next("type")?);
        let extensions: Vec<&str> = words.collect();

        let foundation = check(foundation, "foundation", "1 to 32 letters, digits, '+' or '/'", |text| {
            text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
        })?;
        let component = number(component, "component", "1 to 256", 1..=256)?;
        let priority = number(priority, "priority", "1 to 2147483647", 1..=0x7fff_ffff)?;
        let port = number(port, "port", "1 to 65535", 1..=65_535)?;
        check(typ, "fifth word after the foundation", "typ", |text| text == "typ")?;
        let is_name = address.parse::<IpAddr>().is_err();
        if is_name {
            check(address, "address", "an IP address", is_host_name)?;
        }

        if !["udp", "tcp"].contains(&transport.to_ascii_lowercase().as_str()) {
            return Ok(Err(IgnoredCandidate::OtherTransport));
        }
        let transport = if transport.eq_ignore_ascii_case("udp") { Transport::Udp } else { tcp(&extensions)? };
        let Some(kind) = ["host", "srflx", "prflx", "relay"].into_iter().find(|known| *known == kind) else {
            return Ok(Err(IgnoredCandidate::OtherType));
        };
        if component != 1 {
            return Ok(Err(IgnoredCandidate::OtherComponent));
        }
        let Ok(address) = address.parse::<IpAddr>() else {
            let mdns = address.to_ascii_lowercase().trim_end_matches('.').ends_with(".local");
            return Ok(Err(if mdns { IgnoredCandidate::Mdns } else { IgnoredCandidate::Name }));
        };
        let address = one_host(address.to_canonical())?;
        let port = u16::try_from(port).unwrap_or(u16::MAX);
        Ok(Ok(Self { foundation, transport, priority, address, port, kind }))
    }
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, priority, address, port, kind, .. } = self;
        let name = if self.transport == Transport::Udp { "UDP" } else { "TCP" };
        write!(f, "candidate:{foundation} 1 {name} {priority} {address} {port} typ {kind}")?;
        match self.transport {
            Transport::Udp => Ok(()),
            Transport::Tcp(role) => write!(f, " tcptype {role}"),
        }
    }
}

/// In words for the log.
impl fmt::Display for IgnoredCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mdns => {
                "an mDNS name (.local) instead of an address; the peer is found from its own checks, or once its page may use the camera or microphone"
            }
            Self::Name => "a host name instead of an address; names are not looked up for a peer",
            Self::OtherComponent => "for a component of its own for RTCP; it goes over RTP's here",
            Self::OtherSection => "for another section than the first; all share the first one's transport",
            Self::OtherTransport => "for a transport that is neither UDP nor TCP",
            Self::OtherType => "of a type that is not known here",
        })
    }
}

/// A TCP candidate's role. libnice takes none without.
fn tcp(extensions: &[&str]) -> Result<Transport, CandidateError> {
    let role = extensions.iter().position(|word| *word == "tcptype").and_then(|at| extensions.get(at + 1));
    let role = role.ok_or(CandidateError::Missing("tcptype"))?;
    ["active", "passive", "so"].into_iter().find(|known| known == role).map(Transport::Tcp).ok_or_else(|| {
        CandidateError::Invalid { part: "tcptype", expected: "active, passive or so", got: Excerpt::new(role) }
    })
}

/// No address that many hosts, or none, listen at: packets to it would be an amplifier.
fn one_host(address: IpAddr) -> Result<IpAddr, CandidateError> {
    if address.is_unspecified() {
        Err(CandidateError::Address("the unspecified one"))
    } else if address.is_multicast() {
        Err(CandidateError::Address("a multicast one"))
    } else if address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Err(CandidateError::Address("the broadcast one"))
    } else {
        Ok(address)
    }
}

fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn check<'a>(
    text: &'a str,
    part: &'static str,
    expected: &'static str,
    fits: impl Fn(&str) -> bool,
) -> Result<&'a str, CandidateError> {
    if fits(text) { Ok(text) } else { Err(CandidateError::Invalid { part, expected, got: Excerpt::new(text) }) }
}

fn number(
    text: &str,
    part: &'static str,
    expected: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, CandidateError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|value| digits && range.contains(value));
    value.ok_or_else(|| CandidateError::Invalid { part, expected, got: Excerpt::new(text) })
}
