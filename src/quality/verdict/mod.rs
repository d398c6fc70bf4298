//! How a peer does, in plain words: what the figures of its connection come to. Pure: time is an argument.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::link::{HARMFUL_LOSS, HARMLESS_LOSS};
use crate::{
    codec::MediaKind,
    ice::{CandidateKind, Transport, TransportPolicy, Way},
    report::{Connection, LinkState, PeerState, TrackState},
};

/// Up to here a round trip is not felt: twice the 150 ms of one way that ITU-T G.114 has no objection to.
const EASY_ROUND_TRIP: f64 = 300.0;

/// From here on people talk into each other: twice the 400 ms of one way that ITU-T G.114 sets as the limit.
const HARD_ROUND_TRIP: f64 = 800.0;

/// For how long frames that were dropped are told of.
const DROPS_ARE_NEWS: Duration = Duration::from_secs(10);

/// How long a peer has to do better before its doing worse is news again.
const CALM: Duration = Duration::from_secs(30);

/// How a peer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In a word.
    pub grade: Grade,
    /// In a sentence without its full stop: the way to it, then all that is wrong.
    pub words: String,
}

/// How a peer does, in a word; the better is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// It has all that it is to have.
    Good,
    /// Somebody who looks and listens closely notices.
    Fair,
    /// Anybody notices.
    Bad,
}

/// Judges one peer by what is known of it, again and again.
#[derive(Debug, Clone)]
pub struct Judge {
    policy: TransportPolicy,
    /// How many frames had been dropped when it was judged last, and when there were more of them for the last time.
    dropped: u64,
    dropped_at: Option<Instant>,
}

impl Judge {
    /// One for a peer that is met under this policy.
    #[must_use]
    pub const fn new(policy: TransportPolicy) -> Self {
        Self { policy, dropped: 0, dropped_at: None }
    }

    /// How the peer does; `None` while it is not connected, when there is nothing to judge. The verdict that it has is not
    /// looked at.
    pub fn judge(&mut self, now: Instant, peer: &PeerState) -> Option<Verdict> {
        let drops = self.drops_of_late(now, peer);
        if peer.connection != Connection::Connected {
            return None;
        }
        let mut findings = vec![self.way(peer.way)];
        if peer.ice == "disconnected" {
            findings.push((Grade::Bad, "nothing gets through at the moment".to_owned()));
        }
        let link = peer.link.as_ref();
        let video = peer.sending.iter().find(|track| track.kind == MediaKind::Video);
        let has_sound = peer.sending.iter().any(|track| track.kind == MediaKind::Audio);
        findings.extend(video.and_then(|video| picture(video, link, has_sound)));
        findings.extend(link.and_then(|link| link.lost).and_then(loss));
        findings.extend(link.and_then(|link| link.round_trip_ms).and_then(round_trip));
        if drops {
            findings.push((Grade::Fair, "it does not keep up: frames are dropped".to_owned()));
        }
        if peer.channel.as_ref().is_some_and(|channel| !channel.open) {
            findings.push((Grade::Good, "its data channel is not open".to_owned()));
        }
        let grade = findings.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::Good);
        let words: Vec<_> = findings.into_iter().map(|(_, words)| words).collect();
        Some(Verdict { grade, words: words.join("; ") })
    }

    fn way(&self, way: Option<Way>) -> (Grade, String) {
        let (grade, words) = match way {
            None => (Grade::Good, "connected"),
            Some(Way { local: CandidateKind::Relay, .. }) if self.policy == TransportPolicy::Relay => {
                (Grade::Good, "relayed through TURN, as [ice] policy asks")
            }
            Some(Way { local: CandidateKind::Relay, .. }) => {
                (Grade::Good, "relayed through TURN because no direct pair worked")
            }
            // Whether it had to, or was told to, is known there.
            Some(way) if way.is_relayed() => (Grade::Good, "relayed through the peer's own TURN server"),
            Some(Way { transport: Transport::Tcp, .. }) => {
                (Grade::Fair, "direct, but over TCP because UDP does not get through")
            }
            Some(_) => (Grade::Good, "direct"),
        };
        (grade, words.to_owned())
    }

    fn drops_of_late(&mut self, now: Instant, peer: &PeerState) -> bool {
        let dropped = peer.sending.iter().fold(0, |sum: u64, track| sum.saturating_add(track.dropped));
        if dropped > self.dropped {
            self.dropped_at = Some(now);
        }
        self.dropped = dropped;
        self.dropped_at.is_some_and(|at| now.saturating_duration_since(at) < DROPS_ARE_NEWS)
    }
}

/// Not why: whether its link bears no more, or the box's own (`uplink` of `[encode]`) has no more for it, is not in the state.
fn picture(video: &TrackState, link: Option<&LinkState>, has_sound: bool) -> Option<(Grade, String)> {
    let bears = link.and_then(|link| link.estimate).map(|estimate| format!("{} kbit/s", estimate.kilobits()));
    match video.rung {
        Some(0) => None,
        Some(rung) => {
            // Each rung has a quarter of the bitrate of the one before.
            let share = 4_u64.saturating_pow(u32::try_from(rung).unwrap_or(u32::MAX));
            let over = bears.map_or_else(String::new, |bears| format!(", over a link that bears {bears}"));
            Some((Grade::Fair, format!("gets pictures of 1/{share} of the bitrate{over}")))
        }
        None => {
            let words =
                if has_sound { "gets no pictures, only sound" } else { "gets no pictures, and there is no sound" };
            Some((Grade::Bad, words.to_owned()))
        }
    }
}

fn loss(lost: f64) -> Option<(Grade, String)> {
    let grade = match lost {
        lost if lost > HARMFUL_LOSS => Grade::Bad,
        lost if lost > HARMLESS_LOSS => Grade::Fair,
        _ => return None,
    };
    Some((grade, format!("uplink loss {:.0} %", lost * 100.0)))
}

fn round_trip(ms: f64) -> Option<(Grade, String)> {
    let grade = match ms {
        ms if ms > HARD_ROUND_TRIP => Grade::Bad,
        ms if ms > EASY_ROUND_TRIP => Grade::Fair,
        _ => return None,
    };
    Some((grade, format!("round trip {ms:.0} ms")))
}

/// Says when it is news that a peer does worse: once, until it has done better for a while. A link that goes up and down
/// makes no line of each.
#[derive(Debug, Clone)]
pub struct Decline {
    told: Grade,
    better_since: Option<Instant>,
}

impl Default for Decline {
    fn default() -> Self {
        Self { told: Grade::Good, better_since: None }
    }
}

impl Decline {
    /// Whether it is news that the peer does so now.
    pub fn is_news(&mut self, now: Instant, grade: Grade) -> bool {
        if grade > self.told {
            (self.told, self.better_since) = (grade, None);
            return true;
        }
        if grade == self.told {
            self.better_since = None;
        } else if now.saturating_duration_since(*self.better_since.get_or_insert(now)) >= CALM {
            (self.told, self.better_since) = (grade, None);
        }
        false
    }
}

#[cfg(test)]
mod tests;
