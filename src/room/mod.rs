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
mod standing;
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
    standing::Standing,
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
    /// Whether we have a track to show. If so, a page that we asked for an offer, and that offered nothing but a data
    /// channel, is met with an offer of ours once it is connected.
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
    peers: BTreeMap<PeerId, Standing>,
    /// Sessions that were told to close.
    closing: HashMap<PeerKey, Closing>,
    early: EarlyCandidates,
    conduct: Conduct,
    pace: Pace,
    outputs: VecDeque<Output>,
    /// A message with our own id was complained about, once for each time the relay comes.
    told_of_own_id: bool,
}

/// A session on its way down.
#[derive(Debug, Clone, Copy)]
struct Closing {
    /// It counts until then, unless it reports its end before.
    until: Instant,
    was_connected: bool,
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

    /// Whether `key` is a session that the peer has now. What others report is of the past.
    #[must_use]
    pub fn holds(&self, key: &PeerKey) -> bool {
        self.peers.get(&key.id).is_some_and(|standing| standing.all().any(|one| one.session == key.session))
    }

    /// The session by which `peer` is known: the connected one, if it has one. What is negotiated beside that is nobody's
    /// concern before it has led to a connection.
    #[must_use]
    pub fn session(&self, peer: &PeerId) -> Option<PeerKey> {
        let shown = self.peers.get(peer).and_then(Standing::shown);
        shown.map(|negotiation| PeerKey { id: peer.clone(), session: negotiation.session })
    }

    /// The sessions by which all peers are known, connected or not.
    pub fn sessions(&self) -> impl Iterator<Item = PeerKey> {
        self.peers.keys().filter_map(|peer| self.session(peer))
    }

    /// Whether media and data can flow to `peer`.
    #[must_use]
    pub fn is_connected(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|standing| standing.connected.is_some())
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
        let negotiations = self.peers.values().filter_map(|standing| standing.negotiating.as_ref());
        let deadlines = negotiations.map(|negotiation| negotiation.deadline);
        let closing = self.closing.values().map(|closing| closing.until);
        deadlines.chain(closing).chain(self.early.next_deadline()).min()
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
        for peer in self.negotiating_peers(|_| true) {
            self.give_up(now, &peer, CloseReason::Asked("the relay was lost before it was connected".to_owned()));
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
        self.closing.retain(|_, closing| closing.until > now);
        let limit = self.settings.limits.negotiation.as_secs();
        for peer in self.negotiating_peers(|negotiation| negotiation.deadline <= now) {
            let Some(negotiation) = self.negotiating(&peer) else { continue };
            let owed = negotiation.is_owed(now, CALL_MEMORY);
            let reason = CloseReason::Deadline(limit, negotiation.missing());
            self.give_up(now, &peer, reason);
            if owed && !self.is_connected(&peer) {
                self.offer(now, &peer);
            }
        }
    }

    fn negotiating_peers(&self, wanted: impl Fn(&Negotiation) -> bool) -> Vec<PeerId> {
        let negotiating = self.peers.iter().filter(|(_, standing)| standing.negotiating.as_ref().is_some_and(&wanted));
        negotiating.map(|(peer, _)| peer.clone()).collect()
    }

    /// What is being negotiated with `peer`.
    fn negotiating(&mut self, peer: &PeerId) -> Option<&mut Negotiation> {
        self.peers.get_mut(peer)?.negotiating.as_mut()
    }

    /// The session `key`, connected or not.
    fn negotiation(&mut self, key: &PeerKey) -> Option<&mut Negotiation> {
        self.peers.get_mut(&key.id)?.find_mut(key.session)
    }

    /// Begins a session with an offer of ours. One that the peer has makes way for it.
    fn offer(&mut self, now: Instant, peer: &PeerId) -> bool {
        self.begin(now, peer, Stage::Preparing, PeerCommand::Offer)
    }

    /// Begins a session with an offer of theirs. One that the peer has makes way for it, at once if it is being negotiated.
    fn accept(&mut self, now: Instant, peer: &PeerId, offer: RemoteOffer) -> bool {
        self.begin(now, peer, Stage::Answering, PeerCommand::AcceptOffer(Box::new(offer)))
    }

    fn begin(&mut self, now: Instant, peer: &PeerId, stage: Stage, first: PeerCommand) -> bool {
        let is_unwanted = self.left || self.link == Link::Down || self.conduct.is_ignored(now, peer);
        if is_unwanted || !self.has_place_for(now, peer) {
            return false;
        }
        let is_new = !self.peers.contains_key(peer);
        let before = self.peers.get_mut(peer).and_then(|standing| standing.negotiating.take());
        let mut early = self.early.take(peer);
        if let Some(before) = before {
            let key = PeerKey { id: peer.clone(), session: before.session };
            early = before.early;
            self.tell_close(now, key, false, CloseReason::Replaced);
        }
        let key = PeerKey { id: peer.clone(), session: self.sessions.next() };
        let mut negotiation = Negotiation::new(key.session, stage, now + self.settings.limits.negotiation);
        negotiation.candidates = early.len();
        negotiation.early = early;
        self.peers.entry(peer.clone()).or_default().negotiating = Some(negotiation);
        if is_new {
            self.notice(Notice::Joined(key.clone()));
        }
        self.outputs.push_back(Output::Peer(key, first));
        true
    }

    fn has_place_for(&mut self, now: Instant, peer: &PeerId) -> bool {
        let limits = self.settings.limits;
        let own_closing = self.closing.keys().filter(|key| key.id == *peer).count();
        let held: usize = self.peers.values().map(|standing| standing.all().count()).sum();
        let most = if self.peers.contains_key(peer) { limits.sessions() } else { limits.peers };
        let misdeed = if own_closing >= CLOSING_PER_PEER {
            let times = format!("came back {own_closing} times before its earlier connections were taken down");
            Misdeed::beyond(Limit::Joins, format!("{times}; refused for now"))
        } else if held + self.closing.len() >= most {
            Misdeed::beyond(Limit::Peers, format!("{}; refused", self.places_taken(most)))
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

    /// Who has the places. Of what is not a peer yet, or not any more, nothing else is shown.
    fn places_taken(&self, most: usize) -> String {
        let beside = self.peers.values().filter(|standing| standing.all().count() > 1).count();
        let taken = [
            (self.peers.len(), "peers"),
            (beside, "connections begun beside theirs"),
            (self.closing.len(), "connections that are being taken down"),
        ];
        let taken: Vec<_> = taken
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what} ({count})"))
            .collect();
        format!("all {most} places are taken (member.peers) by {}", taken.join(", "))
    }

    /// Hears nothing of `peer` for a while. A connection that has come about stays, unless it has ended by itself: what
    /// comes through the relay may be anybody's, what comes over the connection is the peer's own.
    fn punish(&mut self, now: Instant, peer: &PeerId, misdeed: Misdeed) {
        let time = self.conduct.punish(now, peer);
        self.early.take(peer);
        self.give_up(now, peer, CloseReason::Misbehaved(misdeed.clone()));
        self.notice(Notice::Ignoring { peer: peer.clone(), misdeed, time });
    }

    /// Punishes `peer` for what came over a connection. One that never came about, while another is there, may have been
    /// begun by anybody in its name; that is only told.
    fn blame(&mut self, now: Instant, peer: &PeerId, was_connected: bool, misdeed: Misdeed) {
        if was_connected || !self.is_connected(peer) {
            return self.punish(now, peer, misdeed);
        }
        let what = format!("a connection that was begun beside its own: {}", misdeed.what);
        self.complain(peer, Misdeed { what, ..misdeed });
    }

    /// Says that `peer` did what it should not have, and leaves it at that.
    fn complain(&mut self, peer: &PeerId, misdeed: Misdeed) {
        self.notice(Notice::Misbehaved { peer: peer.clone(), misdeed });
    }

    /// Ends the sessions that `peer` has, if it has any.
    fn close(&mut self, now: Instant, peer: &PeerId, reason: CloseReason) {
        let Some(shown) = self.session(peer) else { return };
        self.notice(Notice::Closed { peer: shown, why: reason.to_string() });
        let Standing { connected, negotiating } = self.peers.remove(peer).unwrap_or_default();
        for (ended, was_connected) in [(connected, true), (negotiating, false)] {
            if let Some(Negotiation { session, .. }) = ended {
                let key = PeerKey { id: peer.clone(), session };
                self.tell_close(now, key, was_connected, reason.clone());
            }
        }
    }

    /// Ends what is being negotiated with `peer`. A connected session stays.
    fn give_up(&mut self, now: Instant, peer: &PeerId, reason: CloseReason) {
        if !self.is_connected(peer) {
            return self.close(now, peer, reason);
        }
        let newcomer = self.peers.get_mut(peer).and_then(|standing| standing.negotiating.take());
        if let Some(Negotiation { session, .. }) = newcomer {
            self.tell_of_newcomer(peer, &reason);
            self.tell_close(now, PeerKey { id: peer.clone(), session }, false, reason);
        }
    }

    /// Ends the connected session of `peer`, if it has one, for the one that is negotiated beside it.
    fn replace_connected(&mut self, now: Instant, peer: &PeerId) {
        let Some(standing) = self.peers.get_mut(peer) else { return };
        let Some(newcomer) = standing.negotiating.as_ref().map(|newcomer| newcomer.session) else { return };
        let Some(before) = standing.connected.take().map(|before| before.session) else { return };
        let [before, newcomer] = [before, newcomer].map(|session| PeerKey { id: peer.clone(), session });
        self.notice(Notice::Closed { peer: before.clone(), why: CloseReason::Replaced.to_string() });
        self.tell_close(now, before, true, CloseReason::Replaced);
        self.notice(Notice::Joined(newcomer));
    }

    /// What was begun beside a connected session came to nothing: the world has not heard of it, and need not.
    fn tell_of_newcomer(&mut self, peer: &PeerId, reason: &CloseReason) {
        self.ignore(peer, format!("a connection that was begun beside its own: {reason}"));
    }

    fn tell_close(&mut self, now: Instant, key: PeerKey, was_connected: bool, reason: CloseReason) {
        self.closing.insert(key.clone(), Closing { until: now + CLOSING_LIMIT, was_connected });
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
