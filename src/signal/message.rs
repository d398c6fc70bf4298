//! The room's wire messages (docs/signalling.md). Pure: text in, types out.

use crate::ids::PeerId;

/// A message of the room: who sent it, to whom, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who says that they sent it. The relay does not check.
    pub from: PeerId,
    /// Whom it is for; `None` for all.
    pub to: Option<PeerId>,
    /// What it says.
    pub body: Signal,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// `join`: the sender has entered the room.
    Join,
    /// `requestConnect`: 'make me an offer'.
    RequestConnect,
    /// `sdp`: an offer or an answer.
    Description(Description),
    /// `candidate`: one ICE candidate.
    Candidate(Candidate),
    /// Any other event, by its name. Applications send their own through the same relay.
    Other(String),
}

/// A session description as it travels: not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// The SDP.
    pub sdp: String,
}

/// Which half of a negotiation a description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionKind {
    /// The first half.
    Offer,
    /// The second half.
    Answer,
}

/// An ICE candidate as it travels (RFC 8839; `RTCIceCandidateInit`): not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// `candidate:...`; empty at the end of candidates.
    pub candidate: String,
    /// The media section by its mid.
    pub sdp_mid: Option<String>,
    /// The media section by its index.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE user fragment it belongs to.
    pub username_fragment: Option<String>,
}
