//! The way that ICE has found to a peer.

use serde::{Deserialize, Serialize};

/// The pair of candidates that is used. Without its addresses: those are nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What our candidate is.
    pub local: CandidateKind,
    /// What the peer's candidate is.
    pub remote: CandidateKind,
    /// What packets go over between the two. What a TURN server is spoken to over is not told.
    pub transport: Transport,
}

/// What a candidate is (RFC 8445, section 5.1.1.1), in the words of a candidate line (RFC 8839, section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CandidateKind {
    /// An address of the machine itself.
    Host,
    /// What a STUN server has seen the machine come from.
    Srflx,
    /// What the other side has seen the machine come from. So is also one whose own name could not be resolved.
    Prflx,
    /// An address of a TURN server.
    Relay,
}

/// What packets go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// As it should be.
    Udp,
    /// Where UDP does not get through: what is lost holds up what comes after it.
    Tcp,
}

impl Way {
    /// Whether a TURN server is in between, on whichever side.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        [self.local, self.remote].contains(&CandidateKind::Relay)
    }
}
