//! Messages of data channels, to and from programs of this machine (docs/messages.md): a program that is run for each, a
//! Unix socket with a line for each, and what peers may ask the box itself. Nothing of that is there unless it is
//! configured, and none of it can be configured from a room or over the API.

mod asked;
mod lines;
mod program;
mod waiting;
mod written;

use std::{path::PathBuf, time::Duration};

use tokio::{sync::broadcast, task::JoinSet};

pub use self::{
    asked::Ask,
    written::{Unsendable, Written},
};
use crate::{
    gateway::{
        ANSWER_LIMIT, Access,
        command::{Command, CommandError},
    },
    ids::{MemberKey, Members, PeerId, SourceName},
    report::{Event, Message},
    server::{LocalSocket, SocketError},
    studio::{SNAPSHOT_LIMIT, Snapshot},
};

/// What messages go to, and come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The Unix socket, if there is one.
    pub socket: Option<PathBuf>,
    /// What is run for each message, if anything is.
    pub program: Option<Program>,
    /// What peers may ask.
    pub asks: Vec<Ask>,
}

/// A program, run once for each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its path, or its name in `PATH`.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long it may run.
    pub limit: Duration,
    /// Whether what it prints goes back to who sent the message.
    pub answers: bool,
}

/// What is to be done with messages, with its socket open.
#[derive(Debug)]
pub struct Plumbing {
    settings: Settings,
    /// `None` where there is none, or it is open already.
    socket: Option<LocalSocket>,
}

/// What is done with messages, for as long as this is held.
#[derive(Debug)]
pub struct Running {
    gateway: Access,
    settings: Settings,
    // Their tasks are aborted with them.
    socket: JoinSet<()>,
    program: JoinSet<()>,
    asks: JoinSet<()>,
}

/// A message that came.
#[derive(Debug, Clone)]
struct Received {
    /// Which member of ours heard it.
    key: MemberKey,
    /// Our id in the room.
    member: PeerId,
    /// Who sent it.
    peer: PeerId,
    message: Message,
}

impl Plumbing {
    /// Opens what is configured. Within a tokio runtime.
    ///
    /// # Errors
    /// When the socket can't be made.
    pub async fn open(settings: Settings) -> Result<Self, SocketError> {
        Self::beside(&Settings::default(), settings).await
    }

    /// Begins.
    #[must_use]
    pub fn start(self, gateway: Access) -> Running {
        let settings = Settings::default();
        let (socket, program, asks) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
        let mut running = Running { gateway, settings, socket, program, asks };
        running.change(self);
        running
    }

    /// Opens what is not open `already`.
    async fn beside(already: &Settings, settings: Settings) -> Result<Self, SocketError> {
        let socket = match settings.socket.as_ref().filter(|path| already.socket.as_ref() != Some(*path)) {
            Some(path) => Some(LocalSocket::open(path).await?),
            None => None,
        };
        Ok(Self { settings, socket })
    }
}

impl Running {
    /// Opens what it takes to go over to other settings with [`Running::change`].
    ///
    /// # Errors
    /// When the socket can't be made.
    pub async fn prepare(&self, settings: Settings) -> Result<Plumbing, SocketError> {
        Plumbing::beside(&self.settings, settings).await
    }

    /// Goes over to what was prepared. What is the same goes on.
    pub fn change(&mut self, plumbing: Plumbing) {
        let Plumbing { settings, socket } = plumbing;
        let Self { gateway, settings: present, .. } = self;
        if settings.socket != present.socket {
            self.socket = task(socket.map(|socket| lines::serve(socket, gateway.clone())));
        }
        if settings.program != present.program {
            self.program = task(settings.program.clone().map(|program| program::run(program, gateway.clone())));
        }
        if settings.asks != present.asks {
            let asks = Some(settings.asks.clone()).filter(|asks| !asks.is_empty());
            self.asks = task(asks.map(|asks| asked::answer(asks, gateway.clone())));
        }
        self.settings = settings;
    }
}

/// A task that does this, if there is anything to do.
fn task(work: Option<impl Future<Output = ()> + Send + 'static>) -> JoinSet<()> {
    work.into_iter().collect()
}

/// Sends a message to this peer, or to all, in the rooms of these members; to how many it went.
async fn send(
    gateway: &Access,
    members: Members,
    peer: Option<PeerId>,
    message: Message,
) -> Result<usize, CommandError> {
    let sent = gateway.ask(ANSWER_LIMIT, |reply| Command::Send { members, peer, message, reply }).await;
    sent.unwrap_or(Err(CommandError::Busy))
}

/// What `source` shows, in no more than `most` bytes; or why not, in words.
async fn snapshot(gateway: &Access, source: SourceName, most: usize) -> Result<Snapshot, String> {
    let ask = |reply| Command::Snapshot { source, most: Some(most), reply };
    // The studio has said by then why there is none.
    match gateway.ask(SNAPSHOT_LIMIT + ANSWER_LIMIT, ask).await {
        Ok(picture) => picture.map_err(|error| error.to_string()),
        Err(_) => Err(CommandError::Busy.with_help()),
    }
}

/// Messages, one after the other.
struct Messages(broadcast::Receiver<Event>);

/// What comes of them.
enum Next {
    Message(Received),
    /// Whoever asks was too slow for so many events; messages may be among them.
    Missed(u64),
}

impl Messages {
    /// Those from now on.
    fn of(gateway: &Access) -> Self {
        Self(gateway.events.subscribe())
    }

    /// The next one; `None` when the gateway has ended.
    async fn next(&mut self) -> Option<Next> {
        loop {
            match self.0.recv().await {
                Ok(Event::Message { key, member, peer, message }) => {
                    return Some(Next::Message(Received { key, member, peer, message }));
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(count)) => return Some(Next::Missed(count)),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
