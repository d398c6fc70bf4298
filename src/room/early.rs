//! Candidates that come before there is a session to give them to. The library never sends such; others may.

use std::{collections::BTreeMap, time::Instant};

use super::limits::{CANDIDATE_BYTES, EARLY_PEERS, Limits};
use crate::{ids::PeerId, signal::message::Candidate};

/// Why a candidate is not held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotHeld {
    /// Too many peers have some already.
    Peers,
    /// This one has as many as are used.
    Unused,
    /// This one goes on and on.
    Flood,
    /// It is longer than any that is used.
    TooLong,
}

/// Candidates of peers that have no session: few, for few peers, for a short time.
#[derive(Debug, Default)]
pub(super) struct EarlyCandidates {
    peers: BTreeMap<PeerId, Held>,
}

#[derive(Debug)]
struct Held {
    until: Instant,
    /// Those that are used.
    candidates: Vec<Candidate>,
    /// How many came.
    heard: usize,
}

impl EarlyCandidates {
    /// Holds one back. The first of a peer sets how long its candidates are held.
    ///
    /// # Errors
    /// When that would be one too many.
    pub(super) fn hold(
        &mut self,
        now: Instant,
        limits: &Limits,
        peer: PeerId,
        candidate: Candidate,
    ) -> Result<(), NotHeld> {
        if !self.peers.contains_key(&peer) && self.peers.len() >= EARLY_PEERS {
            return Err(NotHeld::Peers);
        }
        let until = now + limits.negotiation;
        let held = self.peers.entry(peer).or_insert_with(|| Held { until, candidates: Vec::new(), heard: 0 });
        held.heard += 1;
        if held.heard > limits.candidates_heard {
            return Err(NotHeld::Flood);
        }
        if held.heard > limits.candidates {
            return Err(NotHeld::Unused);
        }
        if candidate.bytes() > CANDIDATE_BYTES {
            return Err(NotHeld::TooLong);
        }
        held.candidates.push(candidate);
        Ok(())
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
