//! One connection of ours without a daemon: a member of the room who offers to the first that joins, or answers the
//! first offer, and passes on what both sides say.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use peergate::{
    connection::{PeerCommand, PeerEvent},
    ids::PeerId,
    media::clockwork::Clockwork,
    report::PeerState,
    sdp::{ParsedCandidate, RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::{Description, DescriptionKind, Envelope, Signal},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

use super::peers::{End, LIMIT, Setup};

/// Our id in the room.
pub(crate) const HOUSE: &str = "house";

/// The connection, and what it has told.
pub(crate) struct LonePeer {
    relay: WebSocketStream<MaybeTlsStream<TcpStream>>,
    end: End,
    other: Option<PeerId>,
    offer: Option<String>,
    offers: bool,
    pub(crate) told: Vec<PeerEvent>,
    pub(crate) state: Option<PeerState>,
}

impl LonePeer {
    /// Enters the room behind `url`.
    pub(crate) async fn enter(url: &str, setup: Setup, clockwork: &Clockwork) -> Self {
        let (relay, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        // Sessions are unique within a process, and so is nothing else here.
        let end = setup.start("other", u64::from(rand::random::<u32>()), clockwork);
        let mut peer = Self { relay, end, other: None, offer: None, offers: true, told: Vec::new(), state: None };
        peer.say(None, Signal::Join).await;
        peer
    }

    /// The same, to answer somebody who is there and offers. Their own `join` may still be on its way.
    pub(crate) async fn enter_to_answer(url: &str, setup: Setup, clockwork: &Clockwork) -> Self {
        Self { offers: false, ..Self::enter(url, setup, clockwork).await }
    }

    /// The connection itself, to send over.
    pub(crate) fn peer(&self) -> &peergate::peer::Peer {
        &self.end.peer
    }

    /// Passes on what both tell until `done`; panics with what was told after [`LIMIT`].
    pub(crate) async fn run_until(&mut self, what: &str, done: impl FnMut(&Self) -> bool) {
        self.run_until_within(LIMIT, what, done).await;
    }

    /// The same, with a limit of its own.
    pub(crate) async fn run_until_within(&mut self, limit: Duration, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let work = async {
            while !done(self) {
                self.step().await;
            }
        };
        if timeout(limit, work).await.is_err() {
            panic!("not within {limit:?}: {what}\n{:?}\n{:?}", self.told, self.state);
        }
    }

    /// Passes on for as long as `other` runs.
    pub(crate) async fn run_while<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                output = &mut other => return output,
                () = self.step() => {}
            }
        }
    }

    async fn step(&mut self) {
        tokio::select! {
            Some((_, event)) = self.end.events.recv() => self.told(event).await,
            Some(Ok(message)) = self.relay.next() => {
                if let Ok(envelope) = Envelope::parse(&message.into_data()) {
                    self.heard(envelope);
                }
            }
            else => panic!("the connection is over: {:?}", self.told),
        }
    }

    fn heard(&mut self, envelope: Envelope) {
        if envelope.to.is_some_and(|to| to.as_str() != HOUSE) {
            return;
        }
        let command = match envelope.body {
            Signal::Join | Signal::RequestConnect if self.offers && self.other.is_none() => {
                self.other = Some(envelope.from);
                PeerCommand::Offer
            }
            Signal::Description(Description { kind: DescriptionKind::Offer, sdp }) => {
                self.other = Some(envelope.from);
                PeerCommand::AcceptOffer(Box::new(RemoteOffer::parse(&sdp).expect("an honest offer passes the guard")))
            }
            Signal::Description(Description { kind: DescriptionKind::Answer, sdp }) => {
                let offer = self.offer.as_deref().expect("an offer before the answer");
                let answer = RemoteAnswer::parse(&sdp, offer).expect("an honest answer passes the guard");
                PeerCommand::AcceptAnswer(Box::new(answer))
            }
            Signal::Candidate(candidate) => match RemoteCandidate::parse(&candidate) {
                Ok(ParsedCandidate::Usable(candidate)) => PeerCommand::AddCandidate(candidate),
                Ok(_) => return,
                Err(error) => panic!("an honest candidate does not pass the guard: {error}"),
            },
            _ => return,
        };
        self.end.peer.tell(command).expect("the connection lives");
    }

    async fn told(&mut self, event: PeerEvent) {
        tracing::debug!(?event, "told");
        match event {
            PeerEvent::Description(description) => {
                if description.kind == DescriptionKind::Offer {
                    self.offer = Some(description.sdp.clone());
                }
                self.say(self.other.clone(), Signal::Description(description)).await;
            }
            PeerEvent::Candidate(candidate) => self.say(self.other.clone(), Signal::Candidate(candidate)).await,
            PeerEvent::State(state) => self.state = Some(*state),
            event => self.told.push(event),
        }
    }

    async fn say(&mut self, to: Option<PeerId>, body: Signal) {
        let envelope = Envelope { from: PeerId::new(HOUSE).unwrap(), to, body };
        self.relay.send(tungstenite::Message::text(envelope.to_text())).await.unwrap();
    }
}
