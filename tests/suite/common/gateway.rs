//! The gateway in this process: members with test sources, looked at through the state that it reports.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use peergate::{
    codec::MediaKind,
    gateway::{
        self, Handle, MemberSettings, Settings,
        command::{Command, CommandError},
    },
    ice::IceSettings,
    ids::{Members, PeerId, Sessions},
    peer::{self, Certificate, ChannelSettings, MessageLimits},
    recording::{self, Wanted},
    report::{Connection, Event, MemberState, Message, PeerState, RelayState, State},
    room::Limits,
};
use tokio::{
    sync::{broadcast, oneshot},
    time::timeout,
};

use super::{
    logs, signalling,
    studio::{self, name},
};

/// Longer than anything here takes, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// All gateways of a test are in one process.
static SESSIONS: OnceLock<Sessions> = OnceLock::new();

/// A gateway that runs.
pub(crate) struct Gateway {
    handle: Handle,
    events: broadcast::Receiver<Event>,
}

/// A member `id` in the room behind `relay`, which shows test picture and tone.
pub(crate) fn member(id: &str, relay: &str) -> MemberSettings {
    MemberSettings {
        id: peer_id(id),
        relay: signalling::settings(relay),
        video: Some(name("picture")),
        audio: Some(name("tone")),
        limits: Limits::default(),
        record: Wanted::NONE,
        peer: peer::Settings {
            ice: IceSettings::default(),
            channel: Some(ChannelSettings::default()),
            certificate: Arc::new(Certificate::generate().unwrap()),
            jitter_buffer: Duration::from_millis(100),
            messages: MessageLimits::default(),
            trust: None,
        },
    }
}

impl Gateway {
    /// One with these members.
    pub(crate) fn start(members: Vec<MemberSettings>) -> Self {
        Self::encoding(members, studio::settings())
    }

    /// One that encodes so.
    pub(crate) fn encoding(members: Vec<MemberSettings>, encode: peergate::encoder::Settings) -> Self {
        logs::show();
        peergate::media::elements::start().unwrap();
        let settings =
            Settings { members, sources: studio::test_sources(), encode, record: recording::Settings::default() };
        let handle = gateway::start_beside(settings, SESSIONS.get_or_init(Sessions::default).clone()).unwrap();
        let events = handle.access.events.subscribe();
        Self { handle, events }
    }

    /// How it is.
    pub(crate) fn state(&self) -> State {
        self.handle.access.state.borrow().clone()
    }

    /// Waits until `look` finds what it looks for in the state; panics with the state after [`LIMIT`].
    pub(crate) async fn until<T>(&self, what: &str, mut look: impl FnMut(&State) -> Option<T>) -> T {
        let mut state = self.handle.access.state.clone();
        let found = timeout(LIMIT, async {
            loop {
                if let Some(found) = look(&state.borrow_and_update()) {
                    return found;
                }
                state.changed().await.expect("the gateway runs");
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => panic!("not within {LIMIT:?}: {what}; the state is\n{:#?}", self.state()),
        }
    }

    /// Waits until member `own` is connected to `peer` and has received some of picture and tone from it.
    pub(crate) async fn sees(&self, own: &str, peer: &str) -> PeerState {
        self.until(&format!("{own} sees and hears {peer}"), |state| {
            let peer = seen(state, own, peer).filter(|peer| peer.connection == Connection::Connected)?;
            let plays = |kind| frames(peer, kind) >= 10;
            (plays(MediaKind::Video) && plays(MediaKind::Audio)).then(|| peer.clone())
        })
        .await
    }

    /// Waits until the relay of member `own` is there, or away.
    pub(crate) async fn relay_is(&self, own: &str, there: bool) {
        self.until(&format!("the relay of {own} is there: {there}"), |state| {
            let relay = &of(state, own).relay;
            (matches!(relay, RelayState::Connected { .. }) == there).then_some(())
        })
        .await;
    }

    /// Waits for an event that `look` takes.
    pub(crate) async fn event<T>(&mut self, what: &str, mut look: impl FnMut(Event) -> Option<T>) -> T {
        let found = timeout(LIMIT, async {
            loop {
                if let Some(found) = look(self.events.recv().await.expect("events that are read in time")) {
                    return found;
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("no such event within {LIMIT:?}: {what}"))
    }

    /// Sends a text to one peer or to all.
    pub(crate) async fn send(&self, peer: Option<&str>, text: &str) -> Result<usize, CommandError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Text { text: text.to_owned() };
        self.handle
            .access
            .commands
            .send(Command::Send { members: Members::All, peer: peer.map(peer_id), message, reply })
            .await
            .unwrap();
        timeout(LIMIT, answer).await.expect("an answer in time").unwrap()
    }

    /// Closes the connection to a peer.
    pub(crate) async fn close(&self, peer: &str) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        self.handle.access.commands.send(Command::ClosePeer { peer: peer_id(peer), reply }).await.unwrap();
        timeout(LIMIT, answer).await.expect("an answer in time").unwrap()
    }

    /// Stops it.
    pub(crate) async fn stop(self) {
        self.handle.stop().await;
    }
}

pub(crate) fn peer_id(text: &str) -> PeerId {
    PeerId::new(text).unwrap()
}

/// What `state` shows of member `own`.
pub(crate) fn of<'a>(state: &'a State, own: &str) -> &'a MemberState {
    state.members.iter().find(|member| member.id.as_str() == own).expect("a member of this gateway")
}

/// What `state` shows of `peer` in the room of member `own`.
pub(crate) fn seen<'a>(state: &'a State, own: &str, peer: &str) -> Option<&'a PeerState> {
    of(state, own).peers.iter().find(|known| known.id.as_str() == peer)
}

/// How many frames of a kind came from a peer.
pub(crate) fn frames(peer: &PeerState, kind: MediaKind) -> u64 {
    peer.receiving.iter().filter(|track| track.kind == kind).map(|track| track.frames).sum()
}
