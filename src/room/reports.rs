//! What the peers' connections report: each report and what it means for its session.

use std::time::Instant;

use super::{Notice, Room, limits::CALL_MEMORY, negotiation::Stage};
use crate::{
    connection::{CloseReason, PeerEvent},
    ids::{PeerId, PeerKey},
    signal::message::{Candidate, Description, DescriptionKind, Signal},
};

/// Candidates of ours that come before our description. The connection promises that there are none.
const OWN_EARLY: usize = 64;

impl Room {
    pub(super) fn handle_report(&mut self, now: Instant, key: PeerKey, event: PeerEvent) {
        if !self.holds(&key) {
            if let PeerEvent::Closed(reason) = event {
                self.closing.remove(&key);
                // A fresh offer does not save who misbehaved on the connection before it. What ended it here was punished then.
                if let CloseReason::Misbehaved(misdeed) = reason
                    && !self.conduct.is_ignored(now, &key.id)
                {
                    self.punish(now, &key.id, misdeed);
                }
            }
            return;
        }
        match event {
            PeerEvent::Description(description) => self.handle_description(&key.id, description),
            PeerEvent::Candidate(candidate) => self.handle_own_candidate(&key.id, candidate),
            PeerEvent::Connected => self.handle_connected(key),
            PeerEvent::Closed(reason) => self.handle_closed(now, key, &reason),
            // Of no meaning for the negotiation.
            PeerEvent::TrackAdded { .. }
            | PeerEvent::ChannelOpen { .. }
            | PeerEvent::Message(_)
            | PeerEvent::State(_) => {}
        }
    }

    fn handle_description(&mut self, peer: &PeerId, description: Description) {
        let Some(negotiation) = self.peers.get_mut(peer) else { return };
        negotiation.stage = match (&negotiation.stage, description.kind) {
            (Stage::Preparing, DescriptionKind::Offer) => Stage::Offered { offer: description.sdp.clone() },
            (Stage::Answering, DescriptionKind::Answer) => Stage::Connecting,
            _ => return,
        };
        let held = std::mem::take(&mut negotiation.own_early);
        self.send(Some(peer), Signal::Description(description));
        for candidate in held {
            self.send(Some(peer), Signal::Candidate(candidate));
        }
    }

    /// The library throws on a candidate for a peer it does not know yet, so ours follow our description.
    fn handle_own_candidate(&mut self, peer: &PeerId, candidate: Candidate) {
        let Some(negotiation) = self.peers.get_mut(peer) else { return };
        if negotiation.own_is_out() {
            self.send(Some(peer), Signal::Candidate(candidate));
        } else if negotiation.own_early.len() < OWN_EARLY {
            negotiation.own_early.push(candidate);
        }
    }

    fn handle_connected(&mut self, key: PeerKey) {
        let Some(negotiation) = self.peers.get_mut(&key.id) else { return };
        if negotiation.stage == Stage::Connecting {
            negotiation.stage = Stage::Connected;
            negotiation.called = None;
            self.notice(Notice::Connected(key));
        }
    }

    /// A peer that called while it had this session is there still, or again, unless the session ended by a will.
    fn handle_closed(&mut self, now: Instant, key: PeerKey, reason: &CloseReason) {
        let Some(negotiation) = self.peers.remove(&key.id) else { return };
        self.notice(Notice::Closed { peer: key.clone(), why: reason.to_string() });
        if let CloseReason::Misbehaved(misdeed) = reason {
            return self.punish(now, &key.id, misdeed.clone());
        }
        let by_will = matches!(reason, CloseReason::Asked(_) | CloseReason::Replaced);
        if negotiation.is_owed(now, CALL_MEMORY) && !by_will {
            self.offer(now, &key.id);
        }
    }
}
