//! The guard: what a room member sends as SDP or as a candidate becomes a type here, or an error that
//! says what is wrong with it. Nothing else reaches GStreamer. Pure.

use std::net::IpAddr;

use crate::codec::MediaKind;

/// An offer that has passed the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteOffer {
    /// The SDP, in the form that is safe to hand on.
    pub text: String,
    /// What it says.
    pub outline: Outline,
}

/// An answer that has passed the guard, and fits the offer it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAnswer {
    /// The SDP, in the form that is safe to hand on.
    pub text: String,
    /// What it says.
    pub outline: Outline,
}

/// A candidate that has passed the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCandidate {
    /// `candidate:...`, in the form that is safe to hand on.
    pub text: String,
    /// Where it points to.
    pub address: IpAddr,
}

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
    /// Port 0 without `a=bundle-only`: not wanted.
    pub rejected: bool,
    /// From the sender's point of view.
    pub direction: Direction,
    /// The payload types in the sender's order of preference; empty for data channels.
    pub formats: Vec<Format>,
    /// `a=extmap`: id and URI.
    pub extensions: Vec<(u8, String)>,
    /// The stream's and the track's id of the first `a=msid`.
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

/// A certificate's hash, as in `a=fingerprint` (RFC 8122).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub bytes: Vec<u8>,
}

/// The hash functions that are taken in `a=fingerprint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}
