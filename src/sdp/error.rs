//! What can be wrong with a description, in words for the log: what was expected, and what came.

use std::fmt;

use super::{Direction, Excerpt, SectionKind, lines, source};

/// Where in a description something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the first `m=` line.
    Session,
    /// In an `m=` section, counted from 0.
    Section(usize),
}

/// What is wrong with a peer's description. It is the peer's doing, unless it is [`SdpError::OurOffer`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// The text is too long.
    #[error("expected a description of at most {max} bytes, got {0}", max = lines::MAX_BYTES)]
    TooLong(usize),
    /// A line is too long.
    #[error("expected lines of at most {max} bytes, got {bytes} in line {line}", max = lines::MAX_LINE_BYTES)]
    LineTooLong {
        /// Counted from 1.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// A line holds a control character.
    #[error("expected no control characters, got one in line {line}")]
    Control {
        /// Counted from 1.
        line: usize,
    },
    /// A line is not `letter=value`.
    #[error("expected a letter and '=' in line {line}, got {got}")]
    NotALine {
        /// Counted from 1.
        line: usize,
        /// What it begins with.
        got: Excerpt,
    },
    /// The first line is not `v=0`.
    #[error("expected a description that begins with v=0")]
    NotSdp,
    /// No `m=` line.
    #[error("expected at least one m= section, got none: neither media nor a data channel")]
    NoSections,
    /// Too many `m=` lines.
    #[error("expected at most {max} m= sections, got more", max = lines::MAX_SECTIONS)]
    TooManySections,
    /// Too many `a=ssrc` lines.
    #[error("expected at most {max} a=ssrc lines, got {0}", max = source::MAX_SSRC_LINES)]
    TooManySsrcs(usize),
    /// The first section is rejected.
    #[error("expected the first section to be wanted, as it carries the transport of all, got it rejected")]
    FirstRejected,
    /// A section of a kind that is not known here.
    #[error("expected audio, video or application in {place}, got {got}")]
    Kind {
        /// Where.
        place: Place,
        /// The kind it has.
        got: Excerpt,
    },
    /// A section over a protocol that is not WebRTC's.
    #[error("expected {expected} in {place}, got {got}")]
    Protocol {
        /// Where.
        place: Place,
        /// The kind's protocol.
        expected: &'static str,
        /// The protocol it has.
        got: Excerpt,
    },
    /// Something that must be there is not.
    #[error("expected a={attribute} for {place}, got none")]
    Missing {
        /// Where.
        place: Place,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// Something that must be there once is there again.
    #[error("expected one a={attribute} in {place}, got another")]
    Repeated {
        /// Where.
        place: Place,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A value is not what it must be.
    #[error("expected {expected} in a={attribute} of {place}, got {got}")]
    Invalid {
        /// Where.
        place: Place,
        /// The attribute's name.
        attribute: &'static str,
        /// What its value must be.
        expected: &'static str,
        /// What it is.
        got: Excerpt,
    },
    /// An `m=` line whose port or formats are not what they must be.
    #[error("expected {expected} in the m= line of {place}, got {got}")]
    MediaLine {
        /// Where.
        place: Place,
        /// What must stand there.
        expected: &'static str,
        /// What does.
        got: Excerpt,
    },
    /// Two sections have the same mid.
    #[error("expected another mid in {place} than in the sections before it, got {mid} again")]
    RepeatedMid {
        /// Where.
        place: Place,
        /// The mid.
        mid: Excerpt,
    },
    /// Two sections that share one transport do not say the same of it.
    #[error("expected the same a={attribute} in {place} as in the sections before it: they share one transport")]
    Differs {
        /// Where.
        place: Place,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// No usable format in a section.
    #[error("expected a format with an a=rtpmap in {place}, got none")]
    NoFormat {
        /// Where.
        place: Place,
    },
    /// One payload type stands for two codecs.
    #[error("expected payload type {payload_type} to mean the same in {place} as in the sections before it")]
    PayloadTypeTwice {
        /// Where.
        place: Place,
        /// The payload type.
        payload_type: u8,
    },
    /// An `a=fmtp` parameter that would write over what GStreamer's caps say.
    #[error("expected a codec's parameter in a=fmtp of {place}, got {got}, which is a name of GStreamer's own")]
    ReservedParameter {
        /// Where.
        place: Place,
        /// The parameter's name.
        got: Excerpt,
    },
    /// `a=group:BUNDLE` names a mid that no section has, or a rejected one's.
    #[error("expected the mids of wanted sections in a=group:BUNDLE, got {got}")]
    BundleMid {
        /// The mid.
        got: Excerpt,
    },
    /// A section has a transport of its own.
    #[error("expected {place} (mid {mid}) in a=group:BUNDLE: everything goes over one transport here (max-bundle)")]
    NotBundled {
        /// Where.
        place: Place,
        /// Its mid.
        mid: Excerpt,
    },
    /// The transport does not belong to the first section.
    #[error("expected mid {expected} first in a=group:BUNDLE, as the first section's, got {got}")]
    BundleTag {
        /// The first section's mid.
        expected: Excerpt,
        /// The group's first.
        got: Excerpt,
    },
    /// An offer with media whose first section is for data channels.
    #[error("expected audio or video in the offer's first section, got application: media comes before data channels")]
    ApplicationFirst,
    /// An offer that rejects a section itself, as a later offer of the same connection may.
    #[error("expected {place} of a first offer to be wanted, got port 0")]
    RejectedInOffer {
        /// Where.
        place: Place,
    },
    /// An answer with more or fewer sections than the offer.
    #[error("expected {offered} sections in the answer, as in our offer, got {answered}")]
    SectionCount {
        /// Ours.
        offered: usize,
        /// The peer's.
        answered: usize,
    },
    /// An answer that turns a section into another kind.
    #[error("expected {offered} in {place}, as in our offer, got {answered}")]
    KindChanged {
        /// Where.
        place: Place,
        /// Ours.
        offered: SectionKind,
        /// The peer's.
        answered: SectionKind,
    },
    /// An answer that gives a section another mid, or brings sections in another order.
    #[error("expected mid {offered} in {place}, as in our offer, got {answered}")]
    MidChanged {
        /// Where.
        place: Place,
        /// Ours.
        offered: Excerpt,
        /// The peer's.
        answered: Excerpt,
    },
    /// An answer that takes up what the offer had rejected.
    #[error("expected {place} rejected, as in our offer")]
    NotRejected {
        /// Where.
        place: Place,
    },
    /// An answer with a payload type that was not offered.
    #[error("expected payload types of our offer in {place}, got {payload_type}")]
    NotOffered {
        /// Where.
        place: Place,
        /// The payload type.
        payload_type: u8,
    },
    /// An answer in which a payload type means another codec than in the offer.
    #[error("expected payload type {payload_type} in {place} to be {offered}, as in our offer, got {answered}")]
    FormatChanged {
        /// Where.
        place: Place,
        /// The payload type.
        payload_type: u8,
        /// Ours.
        offered: Excerpt,
        /// The peer's.
        answered: Excerpt,
    },
    /// An answer that sends where the offer does not receive, or the other way round.
    #[error("expected a direction in {place} that fits {offered} in our offer, got {answered}")]
    DirectionConflict {
        /// Where.
        place: Place,
        /// Ours.
        offered: Direction,
        /// The peer's.
        answered: Direction,
    },
    /// An answer that leaves open who begins with DTLS.
    #[error("expected a=setup:active or passive in an answer, got actpass")]
    ActpassAnswer,
    /// The offer that the answer is held against is not one: ours is wrong.
    #[error("our own offer does not pass: {0}")]
    OurOffer(Box<SdpError>),
}

impl SdpError {
    pub(super) fn invalid(place: Place, attribute: &'static str, expected: &'static str, got: &str) -> Self {
        Self::Invalid { place, attribute, expected, got: Excerpt::new(got) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str("the session part"),
            Self::Section(index) => write!(f, "section {index}"),
        }
    }
}
