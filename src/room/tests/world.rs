//! Two rooms, a relay between them, and connections that are played: every step that could happen next is a
//! choice, so that a test can walk through any interleaving, and each step checks what must always hold.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::{
    connection::{Connection, fragment},
    *,
};

/// Longer than anything that is waited for: deadlines, closings, calls.
const REST: Duration = Duration::from_secs(120);

/// Which of the two.
pub(super) type Side = usize;

pub(super) struct World {
    pub(super) now: Instant,
    sides: [Played; 2],
    offers: u32,
    /// What happened so far, to be read when a walk fails.
    history: Vec<String>,
}

/// One of the two: its room, its socket, its connections.
struct Played {
    room: Room,
    sessions: Sessions,
    socket: Link,
    /// From the room to the relay.
    outgoing: VecDeque<Envelope>,
    /// From the relay to the room; what came before the socket broke is still read.
    incoming: VecDeque<Arrival>,
    connections: BTreeMap<Session, Connection>,
    /// The fragments of the descriptions that were put on the wire.
    described: HashSet<String>,
    /// Whether the world was told that the peer is there.
    told_joined: bool,
}

#[derive(Clone)]
enum Arrival {
    Link(Link),
    Message(Envelope),
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The relay takes a message of this side and passes it on.
    Relay(Side),
    /// This side reads what came.
    Read(Side),
    /// A connection of this side reports.
    Report(Side, Session),
    /// ICE and DTLS come to their end on this side.
    Connect(Side, Session),
    /// This side notices that the other end is gone.
    Notice(Side, Session),
    /// The relay is lost for this side, with what was on its way to it.
    Lose(Side),
    /// The relay is back for this side.
    Regain(Side),
    /// The relay delivers the next message twice.
    Repeat(Side),
    /// The process of this side ends without a word and starts again.
    Restart(Side),
    /// Half a second passes.
    Wait,
}

impl World {
    /// Both are about to meet their relay.
    pub(super) fn new() -> Self {
        let sessions = Sessions::default();
        let played = |own: &str| Played {
            room: Room::new(patient(own), sessions.clone()),
            sessions: sessions.clone(),
            socket: Link::Down,
            outgoing: VecDeque::new(),
            incoming: VecDeque::new(),
            connections: BTreeMap::new(),
            described: HashSet::new(),
            told_joined: false,
        };
        Self { now: Instant::now(), sides: [played("a"), played("b")], offers: 0, history: Vec::new() }
    }

    /// Everything that goes on by itself.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (side, played) in self.sides.iter().enumerate() {
            if !played.outgoing.is_empty() {
                steps.push(Step::Relay(side));
            }
            if !played.incoming.is_empty() {
                steps.push(Step::Read(side));
            }
            for (session, connection) in &played.connections {
                if !connection.reports.is_empty() {
                    steps.push(Step::Report(side, *session));
                }
                if connection.closing || connection.reports.iter().any(|report| matches!(report, PeerEvent::Closed(_)))
                {
                    continue;
                }
                if !connection.said_connected && self.can_connect(side, connection) {
                    steps.push(Step::Connect(side, *session));
                }
                if connection.said_connected && self.other_end(side, connection).is_none() {
                    steps.push(Step::Notice(side, *session));
                }
            }
        }
        steps
    }

    /// What does not go on by itself: faults, and time.
    pub(super) fn faults(&self) -> Vec<Step> {
        let mut steps = vec![Step::Wait];
        for (side, played) in self.sides.iter().enumerate() {
            steps.push(if played.socket == Link::Up { Step::Lose(side) } else { Step::Regain(side) });
            steps.push(Step::Restart(side));
            if !played.outgoing.is_empty() {
                steps.push(Step::Repeat(side));
            }
        }
        steps
    }

    pub(super) fn take(&mut self, step: Step) {
        self.history.push(format!("{step:?}"));
        match step {
            Step::Relay(side) => {
                if let Some(envelope) = self.sides[side].outgoing.pop_front() {
                    self.pass_on(side, envelope);
                }
            }
            Step::Repeat(side) => {
                if let Some(envelope) = self.sides[side].outgoing.front().cloned() {
                    self.pass_on(side, envelope);
                }
            }
            Step::Read(side) => match self.sides[side].incoming.pop_front() {
                Some(Arrival::Link(link)) => self.input(side, Input::Link(link)),
                Some(Arrival::Message(envelope)) => self.input(side, Input::Signal(envelope)),
                None => {}
            },
            Step::Report(side, session) => self.report(side, session),
            Step::Connect(side, session) => {
                let connection = self.connection(side, session);
                connection.said_connected = true;
                connection.reports.push_back(PeerEvent::Connected);
            }
            Step::Notice(side, session) => {
                self.connection(side, session).reports.push_back(PeerEvent::Closed(CloseReason::ClosedByPeer));
            }
            Step::Lose(side) => {
                let played = &mut self.sides[side];
                played.socket = Link::Down;
                played.outgoing.clear();
                played.incoming.push_back(Arrival::Link(Link::Down));
            }
            Step::Regain(side) => {
                let played = &mut self.sides[side];
                played.socket = Link::Up;
                played.incoming.push_back(Arrival::Link(Link::Up));
            }
            Step::Restart(side) => {
                let played = &mut self.sides[side];
                let own = played.room.own().as_str().to_owned();
                played.room = Room::new(patient(&own), played.sessions.clone());
                played.connections.clear();
                played.outgoing.clear();
                played.incoming.clear();
                played.described.clear();
                played.told_joined = false;
                played.socket = Link::Down;
            }
            Step::Wait => self.pass(Duration::from_millis(500)),
        }
        self.check();
    }

    /// No more faults: whatever is on its way arrives, and what waits for a time gets it.
    pub(super) fn settle(&mut self) {
        for side in 0..2 {
            if self.sides[side].socket == Link::Down {
                self.take(Step::Regain(side));
            }
        }
        let until = self.now + REST;
        while self.now < until {
            let mut turns = 0;
            while let Some(step) = self.steps().first().copied() {
                self.take(step);
                turns += 1;
                assert!(turns < 10_000, "the two never come to rest; next is {step:?}");
            }
            self.take(Step::Wait);
        }
    }

    /// Both have one session, it is connected, and it is the same connection.
    pub(super) fn assert_one_connection(&self) {
        let ends: Vec<_> = (0..2).map(|side| self.connected_end(side)).collect();
        let [Some((own_a, theirs_a)), Some((own_b, theirs_b))] = ends.as_slice() else {
            panic!("not connected: {ends:?}\n{}", self.history());
        };
        assert_eq!((own_a, theirs_a), (theirs_b, own_b), "two connections\n{}", self.history());
        for played in &self.sides {
            assert_eq!(played.room.sessions().count(), 1);
            assert_eq!(played.room.closing(), 0, "what was closed is down");
            assert_eq!(played.connections.len(), 1, "nothing is left behind");
            assert_eq!(played.room.next_deadline(), None);
        }
    }

    /// Which session each side is connected by.
    pub(super) fn connected_sessions(&self) -> [Option<Session>; 2] {
        std::array::from_fn(|side| {
            let room = &self.sides[side].room;
            let peer = self.sides[1 - side].room.own();
            room.session(peer).filter(|_| room.is_connected(peer)).map(|key| key.session)
        })
    }

    fn connected_end(&self, side: Side) -> Option<(Option<String>, Option<String>)> {
        let session = self.connected_sessions()[side]?;
        let connection = self.sides[side].connections.get(&session)?;
        Some((connection.own.clone(), connection.theirs.clone()))
    }

    fn connection(&mut self, side: Side, session: Session) -> &mut Connection {
        self.sides[side].connections.get_mut(&session).expect("a step of a connection that is there")
    }

    fn pass_on(&mut self, side: Side, envelope: Envelope) {
        let other = &mut self.sides[1 - side];
        if other.socket == Link::Up {
            other.incoming.push_back(Arrival::Message(envelope));
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = (0..2).filter_map(|side| Some((self.sides[side].room.next_deadline()?, side))).min();
            let Some((deadline, side)) = next.filter(|(deadline, _)| *deadline <= end) else { break };
            self.now = self.now.max(deadline);
            self.input(side, Input::Timeout);
        }
        self.now = end;
    }

    fn report(&mut self, side: Side, session: Session) {
        let Some(event) = self.connection(side, session).reports.pop_front() else { return };
        if matches!(event, PeerEvent::Closed(_)) {
            self.sides[side].connections.remove(&session);
        }
        let peer = self.sides[1 - side].room.own().clone();
        self.input(side, Input::Peer(PeerKey { id: peer, session }, event));
    }

    fn history(&self) -> String {
        self.history.join("\n")
    }

    fn input(&mut self, side: Side, input: Input) {
        self.history.push(format!("  {side} < {}", shortened(&input)));
        self.sides[side].room.handle_input(self.now, input);
        while let Some(output) = self.sides[side].room.poll_output() {
            self.history.push(format!("  {side} > {}", shortened(&output)));
            match output {
                Output::Send(envelope) => self.send(side, envelope),
                Output::Peer(key, command) => self.command(side, key.session, command),
                Output::Notice(Notice::Joined(_)) => {
                    assert!(!std::mem::replace(&mut self.sides[side].told_joined, true), "joined twice");
                }
                Output::Notice(Notice::Closed { .. }) => {
                    assert!(std::mem::replace(&mut self.sides[side].told_joined, false), "closed before it joined");
                }
                Output::Notice(_) => {}
            }
        }
    }

    fn send(&mut self, side: Side, envelope: Envelope) {
        let played = &mut self.sides[side];
        match &envelope.body {
            Signal::Description(description) => {
                let own = fragment(&description.sdp);
                let alive = played.connections.values().any(|one| !one.closing && one.own.as_ref() == Some(&own));
                assert!(alive, "a description of a session that is over");
                played.described.insert(own);
            }
            Signal::Candidate(candidate) => {
                let own = candidate.username_fragment.clone().expect("ours have one");
                assert!(played.described.contains(&own), "a candidate before its description");
            }
            Signal::Join | Signal::RequestConnect | Signal::Other(_) => {}
        }
        if played.socket == Link::Up {
            played.outgoing.push_back(envelope);
        }
    }

    fn command(&mut self, side: Side, session: Session, command: PeerCommand) {
        let begins = matches!(command, PeerCommand::Offer | PeerCommand::AcceptOffer(_));
        let known = self.sides[side].connections.contains_key(&session);
        assert_eq!(begins, !known, "{command:?} for session {session:?}, known: {known}");
        let name = format!("{}{}", self.sides[side].room.own(), 1000 + session.0);
        let offers = &mut self.offers;
        let connection = self.sides[side].connections.entry(session).or_default();
        assert!(!connection.closing, "{command:?} after it was closed");
        match command {
            PeerCommand::Offer => {
                *offers += 1;
                connection.describe(&name, DescriptionKind::Offer, &offers.to_string());
            }
            PeerCommand::AcceptOffer(offer) => {
                connection.theirs = Some(fragment(&offer.text));
                let mids = offer.outline.bundle[0].trim_start_matches(['v', 'd']).to_owned();
                connection.describe(&name, DescriptionKind::Answer, &mids);
            }
            PeerCommand::AcceptAnswer(answer) => {
                assert_eq!(connection.theirs, None, "one answer for each offer");
                connection.theirs = Some(fragment(&answer.text));
            }
            PeerCommand::AddCandidate(_) => {
                assert!(connection.theirs.is_some(), "a candidate before its description");
                connection.candidates += 1;
            }
            PeerCommand::Close(reason) => {
                connection.closing = true;
                connection.reports.push_back(PeerEvent::Closed(reason));
            }
        }
    }

    fn can_connect(&self, side: Side, connection: &Connection) -> bool {
        let Some(other) = self.other_end(side, connection) else { return false };
        connection.candidates + other.candidates > 0
    }

    /// The connection of the other side that has exchanged descriptions with this one, while it lives.
    fn other_end(&self, side: Side, connection: &Connection) -> Option<&Connection> {
        let (own, theirs) = (connection.own.as_ref()?, connection.theirs.as_ref()?);
        self.sides[1 - side].connections.values().find(|other| {
            let ended = other.closing || other.reports.iter().any(|report| matches!(report, PeerEvent::Closed(_)));
            !ended && other.own.as_ref() == Some(theirs) && other.theirs.as_ref() == Some(own)
        })
    }

    /// What holds after every step.
    fn check(&self) {
        for (side, played) in self.sides.iter().enumerate() {
            let peer = self.sides[1 - side].room.own();
            assert!(played.room.sessions().count() <= 1, "one session by which each peer is known");
            let living = played.connections.values().filter(|connection| !connection.closing).count();
            assert!(living <= 2, "one that is connected, and one that is negotiated");
            if played.room.session(peer).is_some() && !played.room.is_connected(peer) {
                let deadline = played.room.next_deadline().expect("a negotiation has a deadline");
                assert!(deadline <= self.now + Limits::default().negotiation);
            }
            let living = played.connections.iter().filter(|(_, connection)| !connection.closing);
            for (session, connection) in living {
                let ended = connection.reports.iter().any(|report| matches!(report, PeerEvent::Closed(_)));
                let key = PeerKey { id: peer.clone(), session: *session };
                assert!(ended || played.room.holds(&key), "a connection that the room has forgotten");
            }
            assert!(played.room.closing() <= CLOSING_PER_PEER);
        }
    }
}

/// The settings of one who does not mind how often the other restarts.
fn patient(own: &str) -> Settings {
    let limits = Limits { joins_per_minute: 1000, descriptions_per_minute: 1000, ..Limits::default() };
    Settings { limits, ..settings(own) }
}

/// What went in or came out, without the whole of a description.
fn shortened(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").replace("\\r\\n", " ").chars().take(160).collect()
}
