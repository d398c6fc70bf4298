//! One session with one peer: how far its negotiation is, and what waits for its next step. It knows
//! nothing of other peers; [`super::Room`] decides when one begins and ends.

use std::time::{Duration, Instant};

use super::fragments::Fragments;
use crate::{ids::Session, signal::message::Candidate};

/// How far a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Our offer is being made. Nobody has seen it.
    Preparing,
    /// Our offer is on the wire.
    Offered {
        /// Its text, which the answer must fit.
        offer: String,
    },
    /// Their offer is taken, our answer is being made.
    Answering,
    /// Both descriptions are exchanged.
    Connecting,
}

/// One session with one peer.
#[derive(Debug)]
pub(super) struct Negotiation {
    pub(super) session: Session,
    pub(super) stage: Stage,
    /// When it is given up, unless it is connected by then.
    pub(super) deadline: Instant,
    /// Their offer has nothing but a data channel, and we asked for one. Who is there is to be shown more.
    pub(super) is_bare: bool,
    /// The offer that we took, to know it again when the relay delivers it twice.
    pub(super) their_offer: Option<String>,
    /// What their description's candidates must fit; `None` before it came.
    pub(super) their_fragments: Option<Fragments>,
    /// Their candidates that came before their description.
    pub(super) early: Vec<Candidate>,
    /// How many of their candidates came, held back or not, and how many of them could be used.
    pub(super) candidates: usize,
    pub(super) usable_candidates: usize,
    /// Their last description was not taken, so the candidates that follow it are not either.
    pub(super) disregarding: bool,
    /// Our candidates that came before our description was on the wire.
    pub(super) own_early: Vec<Candidate>,
    /// The peer called (`join`, `requestConnect`) at this time, and kept its session.
    pub(super) called: Option<Instant>,
    /// We asked the peer for an offer at this time.
    pub(super) asked: Option<Instant>,
    /// Why an answer was refused, for the words of the deadline.
    pub(super) refused_answer: Option<String>,
    /// One line about unusable candidates is enough.
    pub(super) told_of_ignored: bool,
}

impl Negotiation {
    pub(super) const fn new(session: Session, stage: Stage, deadline: Instant) -> Self {
        Self {
            session,
            stage,
            deadline,
            is_bare: false,
            their_offer: None,
            their_fragments: None,
            early: Vec::new(),
            candidates: 0,
            usable_candidates: 0,
            disregarding: false,
            own_early: Vec::new(),
            called: None,
            asked: None,
            refused_answer: None,
            told_of_ignored: false,
        }
    }

    /// Whether our description is on the wire, so that our candidates may follow.
    pub(super) const fn own_is_out(&self) -> bool {
        matches!(self.stage, Stage::Offered { .. } | Stage::Connecting)
    }

    /// Whether the peer called less than `memory` ago and was not answered by this session.
    pub(super) fn is_owed(&self, now: Instant, memory: Duration) -> bool {
        self.called.is_some_and(|at| now.saturating_duration_since(at) < memory)
    }

    /// What is missing for a connection, for the operator.
    pub(super) fn missing(&self) -> String {
        match (&self.stage, &self.refused_answer) {
            (Stage::Preparing, _) => "our own offer was not ready; this machine may be overloaded".to_owned(),
            (Stage::Answering, _) => "our own answer was not ready; this machine may be overloaded".to_owned(),
            (Stage::Offered { .. }, Some(why)) => format!("its answer can't be used: {why}"),
            (Stage::Offered { .. }, None) => "no answer came; its page may be gone".to_owned(),
            (Stage::Connecting, _) if self.candidates == 0 => {
                "it sent no candidates; its page may be gone, or may have no network".to_owned()
            }
            (Stage::Connecting, _) if self.usable_candidates == 0 => format!(
                "none of its {} candidates can be used, and it did not reach ours; a TURN server ([ice] turn) helps",
                self.candidates
            ),
            (Stage::Connecting, _) => {
                "no pair of addresses worked; a TURN server ([ice] turn) helps where no direct path exists".to_owned()
            }
        }
    }
}
