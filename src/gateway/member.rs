//! One member: a room, its relay connection and its peers, in one select loop.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::join_all;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tracing::{debug, info, warn};

use super::{
    MemberSettings,
    command::CommandError,
    company::Company,
    execute::Connections,
    hub::{self, Request, Update},
    roster::Shared,
};
use crate::{
    connection::{CloseReason, PeerCommand, PeerEvent},
    ids::{MemberKey, PeerId, PeerKey},
    limit::Misdeed,
    log_limit::LogLimit,
    peer::Reports,
    quality::verdict::{Decline, Verdict},
    report::{Event, MemberState, Message, PeerState, RelayState},
    room::{self, Input, Link, Notice, Output, Room},
    signal::client::{Client, ClientEvent},
};

/// How long peers and the relay have to be closed when the gateway stops. The sources come after them, then the HTTP
/// server, and the process ends within 2 s of being asked to.
const FAREWELL: Duration = Duration::from_millis(1000);

/// How long a connection may take for a message. It hands it on at once, unless something holds it up.
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// Lines in the log, at once, about what is wrong of what the room sends.
const COMPLAINTS: u32 = 10;
/// Lines, at once, about who is ignored for a while: a full room's.
const PENALTIES: u32 = 64;
/// Lines, at once, about who comes and goes: a full room with a line or two for each.
const VISITS: u32 = 128;

/// What a member is given.
pub(super) struct Surroundings {
    pub(super) key: MemberKey,
    pub(super) settings: Arc<MemberSettings>,
    pub(super) company: watch::Receiver<Company>,
    pub(super) shared: Shared,
    pub(super) stopping: watch::Receiver<bool>,
}

/// It was asked to stop, and all is closed.
pub(super) struct Stopped;

/// A member that can't go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The relay client's task is gone.
    #[error("its relay client ended")]
    ClientEnded,
}

/// What is shown of a member that has not begun.
pub(super) fn first_state(key: MemberKey, settings: &MemberSettings) -> MemberState {
    MemberState {
        key,
        id: settings.id.clone(),
        room: settings.relay.url.to_string(),
        relay: away("not connected yet".to_owned()),
        peers: Vec::new(),
        limits_reached: BTreeMap::new(),
        penalties: 0,
    }
}

/// The relay is away since now.
pub(super) fn away(why: String) -> RelayState {
    RelayState::Away { since: SystemTime::now(), why }
}

/// Runs a member until it is stopped.
pub(super) async fn run(
    surroundings: &Surroundings,
    requests: &mut mpsc::Receiver<Request>,
) -> Result<Stopped, Failure> {
    let Surroundings { key, settings, shared, .. } = surroundings;
    let (client, mut relay) = Client::start(settings.relay.clone());
    let (connections, mut reports) = Connections::new(*key, settings, shared);
    let mut company = surroundings.company.clone();
    let room = Room::new(
        room::Settings {
            own: settings.id.clone(),
            siblings: company.borrow_and_update().siblings(settings),
            shows_media: settings.video.is_some() || settings.audio.is_some(),
            limits: settings.limits,
        },
        shared.sessions.clone(),
    );
    let mut stopping = surroundings.stopping.clone();
    let mut member = Member {
        surroundings,
        company,
        room,
        client,
        connections,
        complaints: LogLimit::new(COMPLAINTS),
        penalties: LogLimit::new(PENALTIES),
        visits: LogLimit::new(VISITS),
        declines: BTreeMap::new(),
        away_since: Some(SystemTime::now()),
    };
    info!(room = %settings.relay.url, "entering");
    loop {
        let deadline = member.room.next_deadline().map(Instant::from_std);
        tokio::select! {
            event = relay.recv() => member.handle_relay(event.ok_or(Failure::ClientEnded)?).await,
            Some((key, event)) = reports.recv() => member.handle_report(key, event).await,
            Some(request) = requests.recv() => member.handle_request(request).await,
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                member.handle(Input::Timeout).await;
            }
            () = hub::stop(&mut stopping) => break,
        }
    }
    member.leave(reports).await;
    Ok(Stopped)
}

struct Member<'a> {
    surroundings: &'a Surroundings,
    company: watch::Receiver<Company>,
    room: Room,
    client: Client,
    connections: Connections,
    complaints: LogLimit,
    penalties: LogLimit,
    visits: LogLimit,
    /// How those that are connected have done.
    declines: BTreeMap<PeerId, Decline>,
    away_since: Option<SystemTime>,
}

impl Member<'_> {
    async fn handle_relay(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Up => {
                self.away_since = None;
                self.update(Update::Relay(RelayState::Connected { since: SystemTime::now() })).await;
                self.handle(Input::Link(Link::Up)).await;
            }
            ClientEvent::Down { why } => {
                let since = *self.away_since.get_or_insert_with(SystemTime::now);
                self.update(Update::Relay(RelayState::Away { since, why })).await;
                self.handle(Input::Link(Link::Down)).await;
            }
            ClientEvent::Message(envelope) => {
                self.look_round().await;
                self.handle(Input::Signal(envelope)).await;
            }
            ClientEvent::Malformed { why } => {
                if let Some(swallowed) = self.complaints.admit(now().into_std()) {
                    warn!(why, swallowed, "the room sends what is no message");
                }
            }
        }
    }

    /// Sees which others of ours are in the room. They are known to be before they speak there.
    async fn look_round(&mut self) {
        if self.company.has_changed().unwrap_or(false) {
            let siblings = self.company.borrow_and_update().siblings(&self.surroundings.settings);
            self.handle(Input::Siblings(siblings)).await;
        }
    }

    /// Tells the world what a peer reports, if it is of a session that the peer has now, and the room in any case.
    async fn handle_report(&mut self, key: PeerKey, event: PeerEvent) {
        if self.room.holds(&key) {
            self.publish(&key, &event).await;
        }
        if matches!(event, PeerEvent::Closed(_)) {
            self.connections.remove(&key);
        }
        self.handle(Input::Peer(key, event)).await;
    }

    async fn publish(&mut self, key: &PeerKey, event: &PeerEvent) {
        let (member, peer) = (self.room.own().clone(), key.id.clone());
        match event {
            PeerEvent::TrackAdded { kind, codec } => {
                debug!(%peer, %kind, %codec, "sends a track");
                self.tell(Event::Track { member, peer, kind: *kind, codec: *codec });
            }
            PeerEvent::ChannelOpen { label } => debug!(%peer, label, "data channel open"),
            PeerEvent::Message(message) => {
                let key = self.surroundings.key;
                self.tell(Event::Message { key, member, peer, message: message.clone() });
            }
            // Beside a connection nothing is shown of one that is begun.
            PeerEvent::State(_) if self.room.session(&peer).as_ref() != Some(key) => {}
            PeerEvent::State(state) => {
                if let Some(verdict) = &state.verdict {
                    self.note_decline(&peer, verdict);
                }
                self.update(Update::Peer(state.clone())).await;
            }
            PeerEvent::Description(_) | PeerEvent::Candidate(_) | PeerEvent::Connected | PeerEvent::Closed(_) => {}
        }
    }

    fn note_decline(&mut self, peer: &PeerId, verdict: &Verdict) {
        let (now, Verdict { grade, words }) = (now().into_std(), verdict);
        if self.declines.entry(peer.clone()).or_default().is_news(now, *grade)
            && let Some(swallowed) = self.visits.admit(now)
        {
            info!(%peer, verdict = words, swallowed, "does worse");
        }
    }

    async fn handle_request(&mut self, request: Request) {
        match request {
            Request::Send(peer, message, answer) => {
                let sent = self.send(peer.as_ref(), &message);
                // On a task of its own: a channel that is full must not hold up the room.
                tokio::spawn(async move {
                    let _ = answer.send(sent.await);
                });
            }
            Request::Close(peer, answer) => {
                let known = self.room.session(&peer).is_some();
                let _ = answer.send(if known { Ok(1) } else { Err(CommandError::NoSuchPeer(peer.clone())) });
                self.handle(Input::Command(room::Command::Close(peer))).await;
            }
            Request::Turn(answer) => {
                let _ = answer.send(());
            }
        }
    }

    /// Sends to one peer, or to all that are connected, and counts.
    fn send(
        &self,
        peer: Option<&PeerId>,
        message: &Message,
    ) -> impl Future<Output = Result<usize, CommandError>> + Send + use<> {
        let known = peer.is_none_or(|peer| self.room.session(peer).is_some());
        let wanted = self.room.sessions().filter(|key| peer.is_none_or(|peer| *peer == key.id));
        let connected = wanted.filter(|key| self.room.is_connected(&key.id));
        let sends: Vec<_> = connected.filter_map(|key| self.connections.send(&key, message.clone())).collect();
        let one = peer.cloned();
        async move {
            let results = join_all(sends.into_iter().map(in_time)).await;
            match one {
                None => Ok(results.iter().flatten().filter(|sent| sent.is_ok()).count()),
                Some(peer) => match results.into_iter().next() {
                    Some(Some(sent)) => sent.map(|()| 1).map_err(|error| CommandError::of_send(peer, error)),
                    Some(None) => Err(CommandError::Stuck(peer)),
                    None if known => Err(CommandError::ChannelClosed(peer)),
                    None => Err(CommandError::NoSuchPeer(peer)),
                },
            }
        }
    }

    /// Puts `input` into the room, and carries out what comes of it.
    async fn handle(&mut self, input: Input) {
        self.room.handle_input(now().into_std(), input);
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Send(envelope) => self.client.send(envelope),
                Output::Peer(key, command) => self.tell_peer(&key, command).await,
                Output::Notice(notice) => self.handle_notice(notice).await,
            }
        }
    }

    /// A connection that takes no commands is over, whether it knows or not.
    async fn tell_peer(&mut self, key: &PeerKey, command: PeerCommand) {
        if self.connections.tell(key, command).is_err() && self.room.holds(key) {
            let reason = CloseReason::Failed("its connection takes no commands any more".to_owned());
            self.room.handle_input(now().into_std(), Input::Peer(key.clone(), PeerEvent::Closed(reason)));
        }
    }

    async fn handle_notice(&mut self, notice: Notice) {
        let member = self.room.own().clone();
        match notice {
            Notice::Joined(PeerKey { id: peer, .. }) => {
                debug!(%peer, "met");
                self.update(Update::Peer(Box::new(PeerState::met(peer.clone(), SystemTime::now())))).await;
                self.tell(Event::PeerJoined { member, peer });
            }
            Notice::Connected(PeerKey { id: peer, .. }) => {
                if let Some(swallowed) = self.visits.admit(now().into_std()) {
                    info!(%peer, swallowed, "connected");
                }
                self.tell(Event::PeerConnected { member, peer });
            }
            Notice::Closed { peer: PeerKey { id: peer, .. }, why } => {
                self.declines.remove(&peer);
                if let Some(swallowed) = self.visits.admit(now().into_std()) {
                    info!(%peer, why, swallowed, "gone");
                }
                self.update(Update::PeerGone(peer.clone())).await;
                self.tell(Event::PeerClosed { member, peer, why });
            }
            Notice::Misbehaved { peer, misdeed } => {
                if let Some(swallowed) = self.complaints.admit(now().into_std()) {
                    warn!(%peer, what = misdeed.what, swallowed, "misbehaved");
                }
                self.count(&misdeed).await;
            }
            Notice::Ignoring { peer, misdeed, time } => {
                if let Some(swallowed) = self.penalties.admit(now().into_std()) {
                    warn!(%peer, what = misdeed.what, ?time, swallowed, "ignored for a while");
                }
                self.count(&misdeed).await;
                self.update(Update::Ignoring).await;
            }
            Notice::CandidateLeftOut { peer, why } => {
                if let Some(swallowed) = self.visits.admit(now().into_std()) {
                    info!(%peer, why, swallowed, "candidate left out");
                }
            }
            Notice::Ignored { peer, what } => debug!(%peer, what, "ignored"),
        }
    }

    async fn count(&self, misdeed: &Misdeed) {
        if let Some(limit) = misdeed.limit {
            self.update(Update::LimitReached(limit)).await;
        }
    }

    /// Closes every peer and waits until all report that they are, or the time is up.
    async fn leave(mut self, mut reports: Reports) {
        let until = now() + FAREWELL;
        self.handle(Input::Command(room::Command::Leave)).await;
        while self.room.closing() > 0 {
            match timeout_at(until, reports.recv()).await {
                Ok(Some((key, event))) => self.handle_report(key, event).await,
                Ok(None) => break,
                Err(_) => {
                    warn!(peers = self.room.closing(), "not all connections could be closed in time");
                    break;
                }
            }
        }
        let Self { client, .. } = self;
        // An error: the relay takes nothing any more. It will notice.
        let _ = timeout_at(until, client.close()).await;
        info!("left");
    }

    /// Waits for the hub, which never waits for us. It is gone when the gateway stops.
    async fn update(&self, update: Update) {
        let _ = self.surroundings.shared.updates.send((self.surroundings.key, update)).await;
    }

    fn tell(&self, event: Event) {
        // An error: nobody listens.
        let _ = self.surroundings.shared.events.send(event);
    }
}

/// A connection that is stuck must not keep those waiting who write to all.
async fn in_time<T>(send: impl Future<Output = T>) -> Option<T> {
    timeout(SEND_LIMIT, send).await.ok()
}

fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_stuck_is_not_waited_for() {
        let before = now();
        assert_eq!(in_time(std::future::pending::<()>()).await, None);
        assert_eq!(before.elapsed(), SEND_LIMIT);
    }
}
