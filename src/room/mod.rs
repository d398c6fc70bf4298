//! The room's rules, sans-IO: who offers to whom, who gives way, what is held back, when it is given up.
//! `docs/signalling.md` has them in words, with the reasons.
//!
//! Time, messages and reports go in with [`Room::handle_input`]; what to do comes out of
//! [`Room::poll_output`]. Nothing here waits, spawns or knows GStreamer.

mod conduct;
mod early;
mod event;
mod fragments;
mod limits;
mod messages;
mod negotiation;
mod reports;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Instant,
};

use self::{
    conduct::Conduct,
    early::EarlyCandidates,
    limits::{CALL_MEMORY, CLOSING_LIMIT, CLOSING_PER_PEER},
    negotiation::{Negotiation, Stage},
};
pub use self::{
    event::{Command, Input, Link, Notice, Output},
    limits::Limits,
};
use crate::{
    connection::{CloseReason, PeerCommand},
    ids::{PeerId, PeerKey, Sessions},
    limit::{Limit, Misdeed},
    pace::Pace,
    sdp::RemoteOffer,
    signal::message::{Envelope, Signal},
};

/// What a room is told about us.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our id in the room.
    pub own: PeerId,
    /// The ids of this process's other members in the same room. Nothing is negotiated with them: a box has no use for
    /// its own picture over the network.
    pub siblings: BTreeSet<PeerId>,
    /// Whether we have a track to show. If so, an offer with nothing but a data channel, from a page that we asked for
    /// one, is met with an offer of ours.
    pub shows_media: bool,
    /// How much the room may ask of us.
    pub limits: Limits,
}

/// One appearance in one room: the state of every negotiation, and the rules by which they go on.
///
/// Its methods are of three kinds: getters; [`handle_input`](Self::handle_input), by which time and everything that
/// happens comes in; and [`poll_output`](Self::poll_output) and [`next_deadline`](Self::next_deadline), to be asked after
/// each input, the first until it has no more.
#[derive(Debug)]
pub struct Room {
    settings: Settings,
    sessions: Sessions,
    link: Link,
    left: bool,
    peers: BTreeMap<PeerId, Negotiation>,
    /// Sessions that were told to close, and until when they count.
    closing: HashMap<PeerKey, Instant>,
    early: EarlyCandidates,
    conduct: Conduct,
    pace: Pace,
    outputs: VecDeque<Output>,
    /// A message with our own id was complained about, once for each time the relay comes.
    told_of_own_id: bool,
}

impl Room {
    /// A room that nobody has spoken in. `sessions` gives the numbers, unique among all rooms that share it.
    #[must_use]
    pub fn new(settings: Settings, sessions: Sessions) -> Self {
        let limits = settings.limits;
        Self {
            settings,
            sessions,
            link: Link::Down,
            left: false,
            peers: BTreeMap::new(),
            closing: HashMap::new(),
            early: EarlyCandidates::default(),
            conduct: Conduct::new(limits),
            pace: Pace::new(limits.begun_per_second, limits.burst),
            outputs: VecDeque::new(),
            told_of_own_id: false,
        }
    }

    /// Our id in the room.
    #[must_use]
    pub const fn own(&self) -> &PeerId {
        &self.settings.own
    }

    /// Whether `key` is the session that the peer has now. What others report is of the past.
    #[must_use]
    pub fn holds(&self, key: &PeerKey) -> bool {
        self.peers.get(&key.id).is_some_and(|negotiation| negotiation.session == key.session)
    }

    /// The session that `peer` has now.
    #[must_use]
    pub fn session(&self, peer: &PeerId) -> Option<PeerKey> {
        self.peers.get(peer).map(|negotiation| PeerKey { id: peer.clone(), session: negotiation.session })
    }

    /// The sessions that all peers have now, connected or not.
    pub fn sessions(&self) -> impl Iterator<Item = PeerKey> {
        self.peers.iter().map(|(id, negotiation)| PeerKey { id: id.clone(), session: negotiation.session })
    }

    /// Whether media and data can flow to `peer`.
    #[must_use]
    pub fn is_connected(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(Negotiation::is_connected)
    }

    /// How many sessions were told to close and have not reported that they are.
    #[must_use]
    pub fn closing(&self) -> usize {
        self.closing.len()
    }

    /// Takes what happened at `now`. Times must not go backwards from one call to the next.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Signal(envelope) => self.handle_message(now, envelope),
            Input::Link(Link::Up) => self.handle_up(now),
            Input::Link(Link::Down) => self.link = Link::Down,
            Input::Peer(key, event) => self.handle_report(now, key, event),
            Input::Command(Command::Close(peer)) => {
                self.close(now, &peer, CloseReason::Asked("by the operator".to_owned()));
            }
            Input::Command(Command::Leave) => self.handle_leave(now),
            Input::Siblings(siblings) => self.handle_siblings(now, siblings),
            Input::Timeout => {}
        }
        self.handle_deadlines(now);
    }

    /// What is to be done next, in the order it must be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, unless something happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let negotiations = self.peers.values().filter(|negotiation| !negotiation.is_connected());
        let deadlines = negotiations.map(|negotiation| negotiation.deadline);
        deadlines.chain(self.closing.values().copied()).chain(self.early.next_deadline()).min()
    }

    /// A `join` says: I have no negotiation with any of you, at most connections. So whatever was still negotiating is
    /// dropped first; its messages may have been lost with the relay.
    fn handle_up(&mut self, now: Instant) {
        if self.left {
            return;
        }
        self.link = Link::Up;
        self.told_of_own_id = false;
        self.early.clear();
        let unfinished: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, negotiation)| !negotiation.is_connected())
            .map(|(id, _)| id.clone())
            .collect();
        for peer in unfinished {
            self.close(now, &peer, CloseReason::Asked("the relay was lost before it was connected".to_owned()));
        }
        self.send(None, Signal::Join);
    }

    fn handle_leave(&mut self, now: Instant) {
        self.left = true;
        self.early.clear();
        let all: Vec<PeerId> = self.peers.keys().cloned().collect();
        for peer in all {
            self.close(now, &peer, CloseReason::Asked("leaving the room".to_owned()));
        }
    }

    /// Who had a sibling's id until now is not spoken with any more.
    fn handle_siblings(&mut self, now: Instant, siblings: BTreeSet<PeerId>) {
        for sibling in &siblings {
            self.close(now, sibling, CloseReason::Asked("another member of ours has its id now".to_owned()));
        }
        self.settings.siblings = siblings;
    }

    fn handle_deadlines(&mut self, now: Instant) {
        self.early.expire(now);
        self.closing.retain(|_, until| *until > now);
        let late: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, negotiation)| !negotiation.is_connected() && negotiation.deadline <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for peer in late {
            let Some(negotiation) = self.peers.get(&peer) else { continue };
            let owed = negotiation.is_owed(now, CALL_MEMORY);
            let reason = CloseReason::Deadline(self.settings.limits.negotiation.as_secs(), negotiation.missing());
            self.close(now, &peer, reason);
            if owed {
                self.offer(now, &peer);
            }
        }
    }

    /// Begins a session with an offer of ours. One that the peer has makes way for it.
    fn offer(&mut self, now: Instant, peer: &PeerId) -> bool {
        self.begin(now, peer, Stage::Preparing, PeerCommand::Offer)
    }

    /// Begins a session with an offer of theirs. One that the peer has makes way for it.
    fn accept(&mut self, now: Instant, peer: &PeerId, offer: RemoteOffer) -> bool {
        self.begin(now, peer, Stage::Answering, PeerCommand::AcceptOffer(Box::new(offer)))
    }

    fn begin(&mut self, now: Instant, peer: &PeerId, stage: Stage, first: PeerCommand) -> bool {
        let is_unwanted = self.left || self.link == Link::Down || self.conduct.is_ignored(now, peer);
        if is_unwanted || !self.has_place_for(now, peer) {
            return false;
        }
        let before = self.peers.remove(peer);
        let met = before.as_ref().is_none_or(Negotiation::is_connected);
        let mut early = self.early.take(peer);
        if let Some(before) = before {
            let key = PeerKey { id: peer.clone(), session: before.session };
            if before.is_connected() {
                self.notice(Notice::Closed { peer: key.clone(), why: CloseReason::Replaced.to_string() });
            }
            early = before.early;
            self.tell_close(now, key, CloseReason::Replaced);
        }
        let key = PeerKey { id: peer.clone(), session: self.sessions.next() };
        let mut negotiation = Negotiation::new(key.session, stage, now + self.settings.limits.negotiation);
        negotiation.candidates = early.len();
        negotiation.early = early;
        self.peers.insert(peer.clone(), negotiation);
        if met {
            self.notice(Notice::Joined(key.clone()));
        }
        self.outputs.push_back(Output::Peer(key, first));
        true
    }

    fn has_place_for(&mut self, now: Instant, peer: &PeerId) -> bool {
        let limits = self.settings.limits;
        let own_closing = self.closing.keys().filter(|key| key.id == *peer).count();
        let most = if self.peers.contains_key(peer) { limits.sessions() } else { limits.peers };
        let misdeed = if own_closing >= CLOSING_PER_PEER {
            let times = format!("came back {own_closing} times before its earlier connections were taken down");
            Misdeed::beyond(Limit::Joins, format!("{times}; refused for now"))
        } else if self.peers.len() + self.closing.len() >= most {
            let full = format!("there are {most} peers already, as many as there are places (member.peers); refused");
            Misdeed::beyond(Limit::Peers, full)
        } else if !self.pace.admits(now) {
            let most = limits.begun_per_second;
            let what = format!("more than {most} connections a second are begun in this room; refused for now");
            Misdeed::beyond(Limit::Joins, what)
        } else {
            return true;
        };
        self.complain(peer, misdeed);
        false
    }

    /// Hears nothing of `peer` for a while. A connection that has come about stays, unless it has ended by itself: what
    /// comes through the relay may be anybody's, what comes over the connection is the peer's own.
    fn punish(&mut self, now: Instant, peer: &PeerId, misdeed: Misdeed) {
        let time = self.conduct.punish(now, peer);
        self.early.take(peer);
        if self.peers.get(peer).is_some_and(|negotiation| !negotiation.is_connected()) {
            self.close(now, peer, CloseReason::Misbehaved(misdeed.clone()));
        }
        self.notice(Notice::Ignoring { peer: peer.clone(), misdeed, time });
    }

    /// Says that `peer` did what it should not have, and leaves it at that.
    fn complain(&mut self, peer: &PeerId, misdeed: Misdeed) {
        self.notice(Notice::Misbehaved { peer: peer.clone(), misdeed });
    }

    /// Ends the session that `peer` has, if it has one.
    fn close(&mut self, now: Instant, peer: &PeerId, reason: CloseReason) {
        let Some(negotiation) = self.peers.remove(peer) else { return };
        let key = PeerKey { id: peer.clone(), session: negotiation.session };
        self.notice(Notice::Closed { peer: key.clone(), why: reason.to_string() });
        self.tell_close(now, key, reason);
    }

    fn tell_close(&mut self, now: Instant, key: PeerKey, reason: CloseReason) {
        self.closing.insert(key.clone(), now + CLOSING_LIMIT);
        self.outputs.push_back(Output::Peer(key, PeerCommand::Close(reason)));
    }

    fn send(&mut self, to: Option<&PeerId>, body: Signal) {
        if self.link == Link::Up {
            let envelope = Envelope { from: self.settings.own.clone(), to: to.cloned(), body };
            self.outputs.push_back(Output::Send(envelope));
        }
    }

    fn notice(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notice(notice));
    }
}
