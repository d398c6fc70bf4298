//! A room member with a WebRTC stack that is not ours: str0m. It speaks the room's protocol from
//! `docs/signalling.md` with code of its own, so that a mistake in ours is not made twice.
//!
//! [`Viewer::join`] enters a room; [`Viewer::until`] waits for what it sees, in a [`View`]; orders make it send,
//! ask, fall silent and leave.

mod driver;
mod media;
mod member;
mod options;
mod view;

use std::{borrow::Cow, time::Duration};

use serde_json::Value;
pub(crate) use str0m::channel::{ChannelConfig, Reliability};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

pub(crate) use self::{
    options::{Candidates, Encoded, OnJoin, Options},
    view::{Message, State, Track, View},
};

/// A member of a room. Dropping it is a crash: its sockets close, and nobody is told.
#[derive(Debug)]
pub(crate) struct Viewer {
    id: String,
    view: watch::Receiver<View>,
    orders: mpsc::UnboundedSender<MemberOrder>,
    task: JoinHandle<()>,
}

/// What a connection is told.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// Send text over every open data channel; it need not be UTF-8.
    SendText(Cow<'static, [u8]>),
    /// Send bytes over every open data channel.
    SendBinary(Vec<u8>),
    /// Open one more data channel.
    OpenChannel(ChannelConfig),
    /// Close the data channel that was opened first.
    CloseFirstChannel,
    /// Send so many packets of sound, each from a source (SSRC) of its own.
    FloodSsrcs(u32),
    /// Ask for a keyframe of the video that comes.
    RequestKeyframe,
    /// Take no packet and send none from now on, with the socket open: a lost network.
    GoSilent,
    /// Say goodbye (RTCP BYE, SCTP shutdown, DTLS close_notify) and end.
    Close,
}

#[derive(Debug)]
enum MemberOrder {
    Connections(Order),
    Signal(Value),
}

impl Viewer {
    /// Enters the room behind `relay`, a WebSocket URL.
    pub(crate) async fn join(relay: &str, options: Options) -> Self {
        let id = options.id.clone();
        let (viewing, view) = watch::channel(View::default());
        let (orders, inbox) = mpsc::unbounded_channel();
        let member = member::Member::enter(relay, options, viewing, inbox).await;
        Self { id, view, orders, task: tokio::spawn(member.run()) }
    }

    /// Its id in the room.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What it has seen so far.
    pub(crate) fn view(&self) -> watch::Ref<'_, View> {
        self.view.borrow()
    }

    /// Waits until `look` finds what it looks for. Panics with the view after `limit`.
    pub(crate) async fn until<T>(&self, what: &str, limit: Duration, mut look: impl FnMut(&View) -> Option<T>) -> T {
        let mut view = self.view.clone();
        let search = async {
            loop {
                if let Some(found) = look(&view.borrow_and_update()) {
                    return Some(found);
                }
                view.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(limit, search).await {
            Ok(Some(found)) => found,
            Ok(None) => panic!("{}: wanted {what}, and the viewer ended with {}", self.id, *self.view()),
            Err(_) => panic!("{}: wanted {what} within {limit:?}, and saw {}", self.id, *self.view()),
        }
    }

    /// Waits for a connection; gives the remote peer's id.
    pub(crate) async fn connected(&self) -> String {
        self.until("a connection", Duration::from_secs(15), |view| {
            view.connections.iter().find(|one| one.state == State::Connected).map(|one| one.peer.clone())
        })
        .await
    }

    /// Waits until `frames` frames of video have come over one connection.
    pub(crate) async fn video(&self, frames: u64) -> Track {
        self.until("video", Duration::from_secs(20), |view| {
            view.tracks().find(|track| track.is_video() && track.frames >= frames).cloned()
        })
        .await
    }

    /// Waits until `packets` packets of sound have come over one connection.
    pub(crate) async fn audio(&self, packets: u64) -> Track {
        self.until("audio", Duration::from_secs(20), |view| {
            view.tracks().find(|track| !track.is_video() && track.frames >= packets).cloned()
        })
        .await
    }

    /// Waits for an open data channel.
    pub(crate) async fn channel(&self) -> ChannelConfig {
        self.until("a data channel", Duration::from_secs(15), |view| {
            view.connections.iter().find_map(|one| one.channels.first().cloned())
        })
        .await
    }

    /// Waits until `count` messages have come.
    pub(crate) async fn messages(&self, count: usize) -> Vec<Message> {
        self.until("messages", Duration::from_secs(10), |view| {
            let messages: Vec<_> = view.connections.iter().flat_map(|one| &one.messages).cloned().collect();
            (messages.len() >= count).then_some(messages)
        })
        .await
    }

    /// Gives an order to all connections.
    pub(crate) fn order(&self, order: Order) {
        self.tell(MemberOrder::Connections(order));
    }

    /// Puts a message of the room on the wire, whatever it says.
    pub(crate) fn signal(&self, message: Value) {
        self.tell(MemberOrder::Signal(message));
    }

    fn tell(&self, order: MemberOrder) {
        // A viewer that has ended does nothing more; `until` says so.
        let _ = self.orders.send(order);
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
