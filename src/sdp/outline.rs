//! What a description says.

use std::fmt;

use super::Fingerprint;
use crate::codec::{Codec, MediaKind};

/// What a description says, section by section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The `m=` sections in order.
    pub sections: Vec<Section>,
    /// The mids of `a=group:BUNDLE`, in its order.
    pub bundle: Vec<String>,
    /// The certificate that the sender says it has; the same in every section.
    pub fingerprint: Fingerprint,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it carries.
    pub kind: SectionKind,
    /// `a=mid`.
    pub mid: String,
    /// Port 0 without `a=bundle-only`: not wanted. Nothing else is then known of it.
    pub rejected: bool,
    /// From the sender's point of view.
    pub direction: Direction,
    /// The payload types in the sender's order of preference; empty for data channels.
    pub formats: Vec<Format>,
    /// `a=extmap`: id and URI.
    pub extensions: Vec<(u8, String)>,
    /// The stream's and the track's id of the first `a=msid`, else of the first `a=ssrc` line that has one. The track's
    /// id is empty where the sender gives none.
    pub msid: Option<(String, String)>,
}

/// What a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// RTP.
    Media(MediaKind),
    /// Data channels over SCTP.
    Application,
}

/// One payload type of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// 0 to 127.
    pub payload_type: u8,
    /// `a=rtpmap`'s encoding name, in upper case.
    pub encoding_name: String,
    /// In Hz.
    pub clock_rate: u32,
    /// `a=rtpmap`'s encoding parameters: channels, for audio.
    pub channels: Option<u8>,
    /// `a=fmtp`, whole.
    pub parameters: String,
    /// `a=rtcp-fb` values: `nack`, `nack pli`, `transport-cc`, ...
    pub feedback: Vec<String>,
}

/// Who sends in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    SendRecv,
    /// Only the description's sender.
    SendOnly,
    /// Only the other side.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Outline {
    /// The section with this mid.
    #[must_use]
    pub fn section_by_mid(&self, mid: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.mid == mid)
    }

    /// The sections of `kind` that are wanted.
    pub fn media(&self, kind: MediaKind) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| !section.rejected && section.kind == SectionKind::Media(kind))
    }

    /// The section for data channels, where one is wanted.
    #[must_use]
    pub fn application(&self) -> Option<&Section> {
        self.sections.iter().find(|section| !section.rejected && section.kind == SectionKind::Application)
    }
}

impl Section {
    /// The formats of `codec`, in the sender's order of preference.
    pub fn formats_of(&self, codec: Codec) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(move |format| format.codec() == Some(codec))
    }

    /// The format of this payload type.
    #[must_use]
    pub fn format(&self, payload_type: u8) -> Option<&Format> {
        self.formats.iter().find(|format| format.payload_type == payload_type)
    }

    /// The format in which packets of `payload_type` are sent again (RFC 4588).
    #[must_use]
    pub fn retransmission_of(&self, payload_type: u8) -> Option<&Format> {
        let is_it = |apt: &str| apt.parse() == Ok(payload_type);
        self.formats.iter().find(|format| format.encoding_name == "RTX" && format.parameter("apt").is_some_and(is_it))
    }
}

impl Format {
    /// The codec, where it is one of the house. `rtx`, `red`, `ulpfec` and `telephone-event` are formats but no codecs.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        Codec::from_encoding_name(&self.encoding_name).filter(|codec| codec.clock_rate() == self.clock_rate)
    }

    /// The value of `key=value` in `a=fmtp`, whatever the key's case.
    #[must_use]
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim())
    }
}

impl Direction {
    pub(super) const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    /// Whether the description's sender sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the description's sender receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Whether an answer may say `self` to an offer that said `offered` (RFC 3264, section 6.1).
    pub(super) const fn may_answer(self, offered: Self) -> bool {
        (!self.sends() || offered.receives()) && (!self.receives() || offered.sends())
    }

    pub(super) const fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(super) fn from_attribute(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.attribute() == name)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.attribute())
    }
}

/// As in an `m=` line.
impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(kind) => kind.fmt(f),
            Self::Application => f.write_str("application"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_sends_only_what_the_offer_receives() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        for (offered, allowed) in [
            (SendRecv, &[SendRecv, SendOnly, RecvOnly, Inactive][..]),
            (SendOnly, &[RecvOnly, Inactive]),
            (RecvOnly, &[SendOnly, Inactive]),
            (Inactive, &[Inactive]),
        ] {
            for answer in Direction::ALL {
                assert_eq!(answer.may_answer(offered), allowed.contains(&answer), "{answer} to {offered}");
            }
        }
    }

    #[test]
    fn parameters_are_found_by_name() {
        let format = Format {
            payload_type: 97,
            encoding_name: "RTX".to_owned(),
            clock_rate: 90_000,
            channels: None,
            parameters: "APT=96; rtx-time = 3000".to_owned(),
            feedback: Vec::new(),
        };
        assert_eq!(format.parameter("apt"), Some("96"));
        assert_eq!(format.parameter("rtx-time"), Some("3000"));
        assert_eq!(format.parameter("rtx"), None);
    }
}
