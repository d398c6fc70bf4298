//! What comes from the relay: each message and what it means for the session that its sender has.

use std::time::Instant;

use super::{
    Notice, Output, Room,
    early::NotHeld,
    fragments::Fragments,
    limits::{CALL_MEMORY, CANDIDATE_BYTES},
    negotiation::{Negotiation, Stage},
    standing::Standing,
};
use crate::{
    connection::PeerCommand,
    ids::{PeerId, PeerKey},
    limit::{Limit, Misdeed},
    sdp::{ParsedCandidate, RemoteAnswer, RemoteCandidate, RemoteOffer, SectionKind},
    signal::message::{Candidate, Description, DescriptionKind, Envelope, Signal},
};

impl Room {
    pub(super) fn handle_message(&mut self, now: Instant, envelope: Envelope) {
        let Envelope { from, to, body } = envelope;
        if self.left || self.settings.siblings.contains(&from) {
            return;
        }
        if from == self.settings.own {
            self.handle_own_id(from);
            return;
        }
        if to.is_some_and(|to| to != self.settings.own) {
            return;
        }
        if self.conduct.is_ignored(now, &from) {
            return;
        }
        if let Err(misdeed) = self.conduct.hear(now, &from, &body) {
            return self.punish(now, &from, misdeed);
        }
        match body {
            Signal::Join => self.handle_join(now, &from),
            Signal::RequestConnect => self.handle_request(now, &from),
            Signal::Description(Description { kind: DescriptionKind::Offer, sdp }) => {
                self.handle_offer(now, &from, sdp)
            }
            Signal::Description(Description { kind: DescriptionKind::Answer, sdp }) => self.handle_answer(&from, &sdp),
            Signal::Candidate(candidate) => self.handle_candidate(now, &from, candidate),
            // Applications send events of their own through the same relay.
            Signal::Other(_) => {}
        }
    }

    fn handle_own_id(&mut self, from: PeerId) {
        if !self.told_of_own_id {
            self.told_of_own_id = true;
            let what = "a message with our own id came: the relay echoes, or another one uses this id, \
                        and then neither sees the other; give each its own"
                .to_owned();
            self.complain(&from, Misdeed::wrong(what));
        }
    }

    /// Who joins has no negotiation with us, and may have a connection.
    fn handle_join(&mut self, now: Instant, peer: &PeerId) {
        match self.peers.get_mut(peer) {
            // Has it come back to the relay, or come back at all? Only it knows: a gateway that is still connected
            // ignores the request, everybody else makes an offer, which replaces the connection once it leads to another.
            Some(Standing { connected: Some(connected), .. }) => {
                connected.called = Some(now);
                connected.asked = Some(now);
                self.send(Some(peer), Signal::RequestConnect);
            }
            // The offer that is being made reaches the newcomer.
            Some(Standing { negotiating: Some(Negotiation { stage: Stage::Preparing, .. }), .. }) => {}
            Some(_) | None => {
                self.offer(now, peer);
            }
        }
    }

    /// 'Make me an offer'. Whoever has a session gets no second one, but is heard should the session end soon.
    fn handle_request(&mut self, now: Instant, peer: &PeerId) {
        match self.peers.get_mut(peer).and_then(Standing::shown_mut) {
            Some(negotiation) => negotiation.called = Some(now),
            None => {
                self.offer(now, peer);
            }
        }
    }

    /// An offer means a new connection on its side, if it is its own; one that there is stays until that one is connected,
    /// too. When both offer, the smaller id gives way; ours counts from the moment it is begun, since it will reach the other
    /// side whatever that does meanwhile.
    fn handle_offer(&mut self, now: Instant, peer: &PeerId, sdp: String) {
        let own_is_greater = self.settings.own > *peer;
        if self.peers.get(peer).is_some_and(|standing| standing.has_taken(&sdp)) {
            return;
        }
        if let Some(negotiation) = self.negotiating(peer)
            && own_is_greater
            && matches!(negotiation.stage, Stage::Preparing | Stage::Offered { .. })
        {
            negotiation.disregarding = true;
            return;
        }
        let offer = match RemoteOffer::parse(&sdp) {
            Ok(offer) => offer,
            Err(error) => {
                return self.complain(peer, Misdeed::wrong(format!("its offer can't be used: {error}")));
            }
        };
        let is_bare = self.settings.shows_media && self.asked_for_offer(now, peer) && !carries_media(&offer);
        if !self.accept(now, peer, offer) {
            return;
        }
        if let Some(negotiation) = self.negotiating(peer) {
            negotiation.is_bare = is_bare;
            negotiation.their_fragments = Some(Fragments::of(&sdp));
            negotiation.their_offer = Some(sdp);
        }
        self.release_candidates(peer);
    }

    fn asked_for_offer(&self, now: Instant, peer: &PeerId) -> bool {
        let asked = self.peers.get(peer).and_then(Standing::shown).and_then(|negotiation| negotiation.asked);
        asked.is_some_and(|at| now.saturating_duration_since(at) < CALL_MEMORY)
    }

    fn handle_answer(&mut self, peer: &PeerId, sdp: &str) {
        let parsed = match self.negotiating(peer).map(|negotiation| &negotiation.stage) {
            Some(Stage::Offered { offer }) => RemoteAnswer::parse(sdp, offer),
            _ => return self.ignore(peer, "an answer, but no offer of ours waits for one".to_owned()),
        };
        let Some(negotiation) = self.negotiating(peer) else { return };
        match parsed {
            Ok(answer) => {
                negotiation.stage = Stage::Connecting;
                negotiation.their_fragments = Some(Fragments::of(sdp));
                negotiation.disregarding = false;
                let key = PeerKey { id: peer.clone(), session: negotiation.session };
                self.outputs.push_back(Output::Peer(key, PeerCommand::AcceptAnswer(Box::new(answer))));
                self.release_candidates(peer);
            }
            // It may be the answer to an earlier offer; ours waits on until its deadline.
            Err(error) => {
                negotiation.refused_answer = Some(error.to_string());
                self.complain(peer, Misdeed::wrong(format!("its answer can't be used: {error}")));
            }
        }
    }

    fn handle_candidate(&mut self, now: Instant, peer: &PeerId, candidate: Candidate) {
        let (limits, bytes) = (self.settings.limits, candidate.bytes());
        let standing = self.peers.get_mut(peer);
        let Some(negotiation) = standing.and_then(|standing| standing.for_candidate(&candidate)) else {
            return match self.early.hold(now, &limits, peer.clone(), candidate) {
                Ok(()) => {}
                Err(NotHeld::Flood) => self.punish(now, peer, flood(limits.candidates_heard)),
                Err(NotHeld::TooLong) => self.complain(peer, too_long(bytes)),
                Err(NotHeld::Peers | NotHeld::Unused) => {
                    self.ignore(peer, "a candidate without a session: too many wait already".to_owned());
                }
            };
        };
        if negotiation.disregarding {
            return;
        }
        negotiation.candidates += 1;
        let (heard, used) = (negotiation.candidates, limits.candidates);
        if heard > limits.candidates_heard {
            return self.punish(now, peer, flood(limits.candidates_heard));
        }
        if heard > used {
            if heard == used + 1 {
                let what = format!("it sends more than {used} candidates; the rest is refused");
                self.complain(peer, Misdeed::beyond(Limit::Candidates, what));
            }
            return;
        }
        if bytes > CANDIDATE_BYTES {
            return self.complain(peer, too_long(bytes));
        }
        if negotiation.their_fragments.is_some() {
            let key = PeerKey { id: peer.clone(), session: negotiation.session };
            self.hand_on_candidate(&key, &candidate);
        } else {
            negotiation.early.push(candidate);
        }
    }

    /// Their description is taken: what came before it can go on.
    fn release_candidates(&mut self, peer: &PeerId) {
        let Some(negotiation) = self.negotiating(peer) else { return };
        let key = PeerKey { id: peer.clone(), session: negotiation.session };
        for candidate in std::mem::take(&mut negotiation.early) {
            self.hand_on_candidate(&key, &candidate);
        }
    }

    fn hand_on_candidate(&mut self, key: &PeerKey, candidate: &Candidate) {
        let Some(negotiation) = self.negotiation(key) else { return };
        if negotiation.their_fragments.as_ref().is_some_and(|fragments| !fragments.fit(candidate)) {
            return self.ignore(&key.id, "a candidate of an earlier description".to_owned());
        }
        match RemoteCandidate::parse(candidate) {
            Ok(ParsedCandidate::Usable(candidate)) => {
                negotiation.usable_candidates += 1;
                self.outputs.push_back(Output::Peer(key.clone(), PeerCommand::AddCandidate(candidate)));
            }
            // GStreamer does without it.
            Ok(ParsedCandidate::EndOfCandidates) => {}
            Ok(ParsedCandidate::Ignored(why)) => {
                if !std::mem::replace(&mut negotiation.told_of_ignored, true) {
                    self.notice(Notice::CandidateLeftOut { peer: key.id.clone(), why: why.to_string() });
                }
            }
            Err(error) => {
                self.complain(&key.id, Misdeed::wrong(format!("its candidate can't be used: {error}")));
            }
        }
    }

    pub(super) fn ignore(&mut self, peer: &PeerId, what: String) {
        self.notice(Notice::Ignored { peer: peer.clone(), what });
    }
}

fn flood(candidates: usize) -> Misdeed {
    Misdeed::beyond(Limit::Candidates, format!("it sends more than {candidates} candidates for one connection"))
}

fn too_long(bytes: usize) -> Misdeed {
    let what =
        format!("its candidate can't be used: expected at most {CANDIDATE_BYTES} bytes with its names, got {bytes}");
    Misdeed::beyond(Limit::Candidates, what)
}

fn carries_media(offer: &RemoteOffer) -> bool {
    offer.outline.sections.iter().any(|section| matches!(section.kind, SectionKind::Media(_)) && !section.rejected)
}
