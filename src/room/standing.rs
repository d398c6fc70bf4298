//! How we stand with one peer: the session that is connected, and one that is being negotiated, alone or beside it.
//!
//! The relay does not check who sends what, so an offer in the name of one who is connected may be anybody's. It begins a
//! session beside the connected one, which makes way only when the newcomer is connected, too.

use super::negotiation::Negotiation;
use crate::{ids::Session, signal::message::Candidate};

/// The sessions of one peer; one at least while a room keeps it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Media and data can flow. Its descriptions are exchanged; its stage and its deadline mean nothing any more.
    pub(super) connected: Option<Negotiation>,
    /// Beside a connected one it always answers an offer of theirs: we offer nothing to who is connected.
    pub(super) negotiating: Option<Negotiation>,
}

impl Standing {
    /// The session by which the world knows the peer.
    pub(super) fn shown(&self) -> Option<&Negotiation> {
        self.all().next()
    }

    /// The same, to remember what the peer calls for.
    pub(super) fn shown_mut(&mut self) -> Option<&mut Negotiation> {
        self.connected.as_mut().or(self.negotiating.as_mut())
    }

    /// Both, the connected one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Negotiation> {
        self.connected.iter().chain(&self.negotiating)
    }

    /// The session with this number.
    pub(super) fn find_mut(&mut self, session: Session) -> Option<&mut Negotiation> {
        self.connected.iter_mut().chain(&mut self.negotiating).find(|negotiation| negotiation.session == session)
    }

    /// Whether a session has come of this offer.
    pub(super) fn has_taken(&self, offer: &str) -> bool {
        self.all().any(|negotiation| negotiation.their_offer.as_deref() == Some(offer))
    }

    /// The session that `candidate` is for: the connected one if it names that one's description, else the one whose
    /// candidates are still to come.
    pub(super) fn for_candidate(&mut self, candidate: &Candidate) -> Option<&mut Negotiation> {
        let fragments = self.connected.as_ref().and_then(|connected| connected.their_fragments.as_ref());
        match &mut self.negotiating {
            Some(negotiating) if !fragments.is_some_and(|fragments| fragments.claim(candidate)) => Some(negotiating),
            _ => self.connected.as_mut(),
        }
    }
}
