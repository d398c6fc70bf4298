//! What the peers' connections report: each report and what it means for its session.

use std::time::Instant;

use super::{
    Notice, Room,
    limits::CALL_MEMORY,
    negotiation::{Negotiation, Stage},
};
use crate::{
    connection::{CloseReason, PeerEvent},
    ids::PeerKey,
    signal::message::{Candidate, Description, DescriptionKind, Signal},
};

/// Candidates of ours that come before our description. The connection promises that there are none.
const OWN_EARLY: usize = 64;

impl Room {
    pub(super) fn handle_report(&mut self, now: Instant, key: PeerKey, event: PeerEvent) {
        if !self.holds(&key) {
            if let PeerEvent::Closed(reason) = event {
                let was_connected = self.closing.remove(&key).is_some_and(|closing| closing.was_connected);
                // A fresh offer does not save who misbehaved on the connection before it. What ended it here was punished then.
                if let CloseReason::Misbehaved(misdeed) = reason
                    && !self.conduct.is_ignored(now, &key.id)
                {
                    self.blame(now, &key.id, was_connected, misdeed);
                }
            }
            return;
        }
        match event {
            PeerEvent::Description(description) => self.handle_description(&key, description),
            PeerEvent::Candidate(candidate) => self.handle_own_candidate(&key, candidate),
            PeerEvent::Connected => self.handle_connected(now, key),
            PeerEvent::Closed(reason) => self.handle_closed(now, key, &reason),
            // Of no meaning for the negotiation.
            PeerEvent::TrackAdded { .. }
            | PeerEvent::ChannelOpen { .. }
            | PeerEvent::Message(_)
            | PeerEvent::State(_) => {}
        }
    }

    fn handle_description(&mut self, key: &PeerKey, description: Description) {
        let Some(negotiation) = self.negotiation(key) else { return };
        negotiation.stage = match (&negotiation.stage, description.kind) {
            (Stage::Preparing, DescriptionKind::Offer) => Stage::Offered { offer: description.sdp.clone() },
            (Stage::Answering, DescriptionKind::Answer) => Stage::Connecting,
            _ => return,
        };
        let held = std::mem::take(&mut negotiation.own_early);
        self.send(Some(&key.id), Signal::Description(description));
        for candidate in held {
            self.send(Some(&key.id), Signal::Candidate(candidate));
        }
    }

    /// The library throws on a candidate for a peer it does not know yet, so ours follow our description.
    fn handle_own_candidate(&mut self, key: &PeerKey, candidate: Candidate) {
        let Some(negotiation) = self.negotiation(key) else { return };
        if negotiation.own_is_out() {
            self.send(Some(&key.id), Signal::Candidate(candidate));
        } else if negotiation.own_early.len() < OWN_EARLY {
            negotiation.own_early.push(candidate);
        }
    }

    /// A session that was begun beside a connected one takes its place.
    fn handle_connected(&mut self, now: Instant, key: PeerKey) {
        let Some(negotiation) = self.negotiating(&key.id) else { return };
        if negotiation.session != key.session || negotiation.stage != Stage::Connecting {
            return;
        }
        // It is there, and has no section for what we have to show: an offer of ours has.
        if negotiation.is_bare && self.offer(now, &key.id) {
            return self.replace_connected(now, &key.id);
        }
        self.replace_connected(now, &key.id);
        if let Some(standing) = self.peers.get_mut(&key.id) {
            standing.connected = standing.negotiating.take().map(|connected| Negotiation { called: None, ..connected });
        }
        self.notice(Notice::Connected(key));
    }

    /// A peer that called while it had this session is there still, or again, unless the session ended by a will.
    fn handle_closed(&mut self, now: Instant, key: PeerKey, reason: &CloseReason) {
        let Some(standing) = self.peers.get_mut(&key.id) else { return };
        let is_it = |negotiation: &mut Negotiation| negotiation.session == key.session;
        let ended = standing.connected.take_if(is_it).or_else(|| standing.negotiating.take_if(is_it));
        let Some(ended) = ended else { return };
        if standing.connected.is_some() {
            return match reason {
                CloseReason::Misbehaved(misdeed) => self.blame(now, &key.id, false, misdeed.clone()),
                _ => self.tell_of_newcomer(&key.id, reason),
            };
        }
        let newcomer = standing.negotiating.as_ref().map(|newcomer| newcomer.session);
        self.notice(Notice::Closed { peer: key.clone(), why: reason.to_string() });
        match newcomer {
            Some(session) => self.notice(Notice::Joined(PeerKey { session, ..key.clone() })),
            None => drop(self.peers.remove(&key.id)),
        }
        if let CloseReason::Misbehaved(misdeed) = reason {
            return self.punish(now, &key.id, misdeed.clone());
        }
        let by_will = matches!(reason, CloseReason::Asked(_) | CloseReason::Replaced);
        if ended.is_owed(now, CALL_MEMORY) && !by_will && newcomer.is_none() {
            self.offer(now, &key.id);
        }
    }
}
