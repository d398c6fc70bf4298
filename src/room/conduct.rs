//! How the members of a room have behaved lately: how much each has asked, and for how long it is ignored.
//!
//! The relay does not check who sends what, so these are deeds of an id, not of a person. Whoever takes another id
//! begins anew, and meets the limits of the whole room.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::limits::{Limits, REMEMBERED};
use crate::{
    ids::PeerId,
    limit::{Limit, Misdeed},
    pace::Pace,
    signal::message::Signal,
};

/// What is counted by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Few members, each for a short time after it was last heard of.
#[derive(Debug)]
pub(super) struct Conduct {
    limits: Limits,
    members: BTreeMap<PeerId, Record>,
}

#[derive(Debug)]
struct Record {
    joins: Pace,
    descriptions: Pace,
    penalty: Option<Penalty>,
    /// Nothing of it matters from then on.
    until: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Penalty {
    ends: Instant,
    length: Duration,
}

impl Conduct {
    /// Nobody is known yet.
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, members: BTreeMap::new() }
    }

    /// Whether nothing of `peer` is to be heard now.
    pub(super) fn is_ignored(&self, now: Instant, peer: &PeerId) -> bool {
        let penalty = self.members.get(peer).and_then(|record| record.penalty);
        penalty.is_some_and(|penalty| penalty.ends > now)
    }

    /// Counts a message of `peer`.
    ///
    /// # Errors
    /// When it is one too many for the time.
    pub(super) fn hear(&mut self, now: Instant, peer: &PeerId, message: &Signal) -> Result<(), Misdeed> {
        let limits = self.limits;
        match message {
            Signal::Join | Signal::RequestConnect => {
                let admitted = self.record(now, peer).joins.admits(now);
                let what =
                    || format!("it asks for a connection more than {} times in a minute", limits.joins_per_minute);
                admitted.then_some(()).ok_or_else(|| Misdeed::beyond(Limit::Joins, what()))
            }
            Signal::Description(_) => {
                let admitted = self.record(now, peer).descriptions.admits(now);
                let most = limits.descriptions_per_minute;
                let what = || format!("it sends more than {most} descriptions in a minute");
                admitted.then_some(()).ok_or_else(|| Misdeed::beyond(Limit::Descriptions, what()))
            }
            Signal::Candidate(_) | Signal::Other(_) => Ok(()),
        }
    }

    /// Ignores `peer` from now on, and says for how long: each time twice as long as the last one, until it has behaved
    /// for as long as the longest.
    pub(super) fn punish(&mut self, now: Instant, peer: &PeerId) -> Duration {
        let (first, longest) = (self.limits.ignored, self.limits.longest_ignored());
        let record = self.record(now, peer);
        let length = record.penalty.map_or(first, |last| (last.length * 2).min(longest));
        let ends = now + length;
        record.penalty = Some(Penalty { ends, length });
        record.until = ends + longest;
        length
    }

    /// The record of `peer`, kept for a minute at least. Where there is no room for one more, that goes which would be
    /// forgotten first.
    fn record(&mut self, now: Instant, peer: &PeerId) -> &mut Record {
        if !self.members.contains_key(peer) && self.members.len() >= REMEMBERED {
            self.members.retain(|_, record| record.until > now);
            let first = self.members.iter().min_by_key(|(_, record)| record.until).map(|(peer, _)| peer.clone());
            if let Some(first) = first.filter(|_| self.members.len() >= REMEMBERED) {
                self.members.remove(&first);
            }
        }
        let by_the_minute = |most: u32| Pace::each(MINUTE / most.max(1), most);
        let limits = self.limits;
        let fresh = || Record {
            joins: by_the_minute(limits.joins_per_minute),
            descriptions: by_the_minute(limits.descriptions_per_minute),
            penalty: None,
            until: now,
        };
        let record = self.members.entry(peer.clone()).or_insert_with(fresh);
        if record.until <= now {
            *record = fresh();
        }
        record.until = record.until.max(now + MINUTE);
        record
    }

    /// How many are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}
