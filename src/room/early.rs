//! Candidates that come before there is a session to give them to. The library never sends such; others may.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::limits::EARLY_PEERS;
use crate::{ids::PeerId, signal::message::Candidate};

/// Candidates of peers that have no session: few, for few peers, for a short time.
#[derive(Debug, Default)]
pub(super) struct EarlyCandidates {
    peers: BTreeMap<PeerId, Held>,
}

#[derive(Debug)]
struct Held {
    until: Instant,
    candidates: Vec<Candidate>,
}

impl EarlyCandidates {
    /// Holds one back, unless that would be one too many. The first of a peer sets how long its candidates are held.
    pub(super) fn hold(
        &mut self,
        now: Instant,
        time: Duration,
        most: usize,
        peer: PeerId,
        candidate: Candidate,
    ) -> bool {
        if !self.peers.contains_key(&peer) && self.peers.len() >= EARLY_PEERS {
            return false;
        }
        let held = self.peers.entry(peer).or_insert_with(|| Held { until: now + time, candidates: Vec::new() });
        let room = held.candidates.len() < most;
        if room {
            held.candidates.push(candidate);
        }
        room
    }

    /// Those of `peer`, in the order they came.
    pub(super) fn take(&mut self, peer: &PeerId) -> Vec<Candidate> {
        self.peers.remove(peer).map(|held| held.candidates).unwrap_or_default()
    }

    /// Forgets what was held for too long.
    pub(super) fn expire(&mut self, now: Instant) {
        self.peers.retain(|_, held| held.until > now);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.peers.clear();
    }

    /// When the first of them expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.peers.values().map(|held| held.until).min()
    }

    /// How many are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.peers.values().map(|held| held.candidates.len()).sum()
    }
}
