//! The room's rules, one file for each behaviour, in virtual time.

mod beside;
mod candidates;
mod closing;
mod connection;
mod deadlines;
mod glare;
mod joins;
mod limits;
mod offers;
mod penalties;
mod relay_loss;
mod strangers;
mod two_rooms;
mod world;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    connection::PeerEvent,
    ids::Session,
    signal::message::{Candidate, Description, DescriptionKind},
};

/// A room that has entered, and somebody who moves its clock.
struct Scene {
    room: Room,
    now: Instant,
}

impl Scene {
    /// We are `own`, and the relay is there.
    fn of(own: &str) -> Self {
        Self::with(settings(own))
    }

    fn with(settings: Settings) -> Self {
        let mut scene = Self { room: Room::new(settings, Sessions::default()), now: Instant::now() };
        assert_eq!(scene.input(Input::Link(Link::Up)), [to_all(scene.room.own().as_str(), Signal::Join)]);
        scene
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        self.room.handle_input(self.now, input);
        std::iter::from_fn(|| self.room.poll_output()).collect()
    }

    /// A message from `from` to us.
    fn hears(&mut self, from: &str, body: Signal) -> Vec<Output> {
        let to = Some(self.room.own().clone());
        self.input(Input::Signal(Envelope { from: id(from), to, body }))
    }

    /// A `join` from `from` to all.
    fn hears_join(&mut self, from: &str) -> Vec<Output> {
        self.input(Input::Signal(Envelope { from: id(from), to: None, body: Signal::Join }))
    }

    fn reports(&mut self, session: &PeerKey, event: PeerEvent) -> Vec<Output> {
        self.input(Input::Peer(session.clone(), event))
    }

    /// Lets time pass, and fires every deadline on the way.
    fn passes(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now + time;
        let mut outputs = Vec::new();
        while let Some(deadline) = self.room.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            outputs.extend(self.input(Input::Timeout));
        }
        self.now = end;
        outputs
    }

    fn session(&self, peer: &str) -> PeerKey {
        self.room.session(&id(peer)).expect("a session")
    }

    /// `peer` joins, and our offer with the text `sdp` goes out.
    fn offers_to(&mut self, peer: &str, sdp: &str) -> PeerKey {
        self.hears_join(peer);
        let key = self.session(peer);
        let sent = self.reports(&key, described(DescriptionKind::Offer, sdp));
        assert_eq!(sent, [self.to(peer, description(DescriptionKind::Offer, sdp))]);
        key
    }

    /// `peer` joins, and all goes well.
    fn connects_to(&mut self, peer: &str) -> PeerKey {
        let offer = sdp("ours", "mids");
        let key = self.offers_to(peer, &offer);
        self.hears(peer, description(DescriptionKind::Answer, &sdp("theirs", "mids")));
        assert_eq!(self.reports(&key, PeerEvent::Connected), [Output::Notice(Notice::Connected(key.clone()))]);
        key
    }

    /// An offer in the name of `peer`, and our answer to it; the session that is begun.
    fn answers(&mut self, peer: &str, fragment: &str) -> PeerKey {
        let offer = description(DescriptionKind::Offer, &sdp(fragment, "0"));
        let begun = begun(&self.hears(peer, offer));
        let [(key, "answer")] = begun.as_slice() else { panic!("one session that answers: {begun:?}") };
        let answer = sdp("answer", "0");
        let sent = self.reports(key, described(DescriptionKind::Answer, &answer));
        assert_eq!(sent, [self.to(peer, description(DescriptionKind::Answer, &answer))]);
        key.clone()
    }

    /// An output: a message of ours to `peer`.
    fn to(&self, peer: &str, body: Signal) -> Output {
        Output::Send(Envelope { from: self.room.own().clone(), to: Some(id(peer)), body })
    }
}

fn settings(own: &str) -> Settings {
    Settings { own: id(own), siblings: BTreeSet::new(), shows_media: true, limits: Limits::default() }
}

fn id(text: &str) -> PeerId {
    PeerId::new(text).expect("a valid id")
}

fn key(peer: &str, session: u64) -> PeerKey {
    PeerKey { id: id(peer), session: Session(session) }
}

fn to_all(from: &str, body: Signal) -> Output {
    Output::Send(Envelope { from: id(from), to: None, body })
}

fn description(kind: DescriptionKind, sdp: &str) -> Signal {
    Signal::Description(Description { kind, sdp: sdp.to_owned() })
}

fn described(kind: DescriptionKind, sdp: &str) -> PeerEvent {
    PeerEvent::Description(Description { kind, sdp: sdp.to_owned() })
}

/// The sessions that were told to close, and why.
fn closed(outputs: &[Output]) -> Vec<(PeerKey, CloseReason)> {
    let closed = outputs.iter().filter_map(|output| match output {
        Output::Peer(key, PeerCommand::Close(reason)) => Some((key.clone(), reason.clone())),
        _ => None,
    });
    closed.collect()
}

/// The commands that begin a session.
fn begun(outputs: &[Output]) -> Vec<(PeerKey, &'static str)> {
    let begun = outputs.iter().filter_map(|output| match output {
        Output::Peer(key, PeerCommand::Offer) => Some((key.clone(), "offer")),
        Output::Peer(key, PeerCommand::AcceptOffer(_)) => Some((key.clone(), "answer")),
        _ => None,
    });
    begun.collect()
}

fn misbehaved(outputs: &[Output]) -> Vec<&str> {
    let told = outputs.iter().filter_map(|output| match output {
        Output::Notice(Notice::Misbehaved { misdeed, .. }) => Some(misdeed.what.as_str()),
        _ => None,
    });
    told.collect()
}

/// Who is ignored from now on, for what, and for how long.
fn ignored(outputs: &[Output]) -> Vec<(&str, Option<Limit>, Duration)> {
    let told = outputs.iter().filter_map(|output| match output {
        Output::Notice(Notice::Ignoring { peer, misdeed, time }) => Some((peer.as_str(), misdeed.limit, *time)),
        _ => None,
    });
    told.collect()
}

/// The candidates that are handed to connections.
fn handed_on(outputs: &[Output]) -> Vec<String> {
    let handed = outputs.iter().filter_map(|output| match output {
        Output::Peer(_, PeerCommand::AddCandidate(candidate)) => Some(candidate.text.clone()),
        _ => None,
    });
    handed.collect()
}

/// A description with a video and a data section. Who makes it is told by the ICE user fragment; whom it answers, by the
/// mids.
fn sdp(fragment: &str, mids: &str) -> String {
    format!(
        "{}{}{}",
        head(&format!("v{mids} d{mids}")),
        video(fragment, &format!("v{mids}")),
        data(fragment, &format!("d{mids}"))
    )
}

/// A description with nothing but a data channel, as a page makes it that has no stream.
fn data_only_sdp(fragment: &str, mids: &str) -> String {
    format!("{}{}", head(&format!("d{mids}")), data(fragment, &format!("d{mids}")))
}

fn head(bundle: &str) -> String {
    format!("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {bundle}\r\n")
}

fn video(fragment: &str, mid: &str) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n{}\
         a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n",
        transport(fragment, mid)
    )
}

fn data(fragment: &str, mid: &str) -> String {
    format!(
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n{}a=sctp-port:5000\r\n\
         a=max-message-size:262144\r\n",
        transport(fragment, mid)
    )
}

fn transport(fragment: &str, mid: &str) -> String {
    let fingerprint = ["AB"; 32].join(":");
    // Both roles are legal in an offer; only `active` and `passive` are in an answer.
    format!(
        "a=ice-ufrag:{fragment}\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=fingerprint:sha-256 {fingerprint}\r\n\
         a=setup:active\r\na=mid:{mid}\r\n"
    )
}

/// A candidate of the description with `fragment`.
fn candidate(fragment: &str, port: u16) -> Candidate {
    Candidate {
        candidate: candidate_text(port),
        sdp_mid: None,
        sdp_m_line_index: Some(0),
        username_fragment: Some(fragment.to_owned()),
    }
}

fn candidate_text(port: u16) -> String {
    format!("candidate:1 1 UDP 2015363327 192.0.2.2 {port} typ host")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
