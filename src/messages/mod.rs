//! Messages of data channels, to and from programs of this machine (docs/messages.md): a program that is run for each, a
//! Unix socket with a line for each, and what peers may ask the box itself. Nothing of that is there unless it is
//! configured, and none of it can be configured from a room or over the API.

mod asked;
mod lines;
mod program;
mod waiting;
mod written;

use std::{path::PathBuf, time::Duration};

use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

pub use self::{
    asked::Ask,
    written::{Unsendable, Written},
};
use crate::{
    gateway::command::{Command, CommandError},
    ids::{PeerId, SourceName},
    recorder::Recorder,
    report::{Event, Message, State},
    server::{LocalSocket, SocketError},
    studio::{SNAPSHOT_LIMIT, Snapshot},
};

/// How long the gateway may take to send one. It does so at once, unless it is stuck.
const SEND_LIMIT: Duration = Duration::from_secs(5);

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
    socket: Option<LocalSocket>,
    program: Option<Program>,
    asks: Vec<Ask>,
}

/// What is done with messages, for as long as this is held.
#[derive(Debug)]
pub struct Running {
    /// They are aborted with this.
    _tasks: JoinSet<()>,
}

/// The gateway, as far as messages go.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// Takes what is to be sent.
    pub commands: mpsc::Sender<Command>,
    /// Where messages come from, among the rest.
    pub events: broadcast::Sender<Event>,
    /// How it is.
    pub state: watch::Receiver<State>,
    /// What records.
    pub recorder: Recorder,
}

/// A message that came.
#[derive(Debug, Clone)]
struct Received {
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
        let Settings { socket, program, asks } = settings;
        let socket = match socket {
            Some(path) => Some(LocalSocket::open(&path).await?),
            None => None,
        };
        Ok(Self { socket, program, asks })
    }

    /// Begins.
    #[must_use]
    pub fn start(self, gateway: Gateway) -> Running {
        let mut tasks = JoinSet::new();
        if let Some(socket) = self.socket {
            tasks.spawn(lines::serve(socket, gateway.clone()));
        }
        if let Some(program) = self.program {
            tasks.spawn(program::run(program, gateway.clone()));
        }
        if !self.asks.is_empty() {
            tasks.spawn(asked::answer(self.asks, gateway));
        }
        Running { _tasks: tasks }
    }
}

impl Gateway {
    /// Messages from now on.
    fn messages(&self) -> Messages {
        Messages(self.events.subscribe())
    }

    /// Sends a message to this peer, or to all, in one member's room or in all of them; to how many it went.
    async fn send(
        &self,
        member: Option<PeerId>,
        peer: Option<PeerId>,
        message: Message,
    ) -> Result<usize, CommandError> {
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            self.commands.send(Command::Send { member, peer, message, reply }).await.ok()?;
            answer.await.ok()
        };
        match timeout(SEND_LIMIT, exchange).await {
            Ok(Some(sent)) => sent,
            Ok(None) | Err(_) => Err(CommandError::Busy),
        }
    }

    /// What `source` shows, in no more than `most` bytes; or why not, in words.
    async fn snapshot(&self, source: SourceName, most: usize) -> Result<Snapshot, String> {
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            self.commands.send(Command::Snapshot { source, most: Some(most), reply }).await.ok()?;
            answer.await.ok()
        };
        // The studio has said by then why there is none.
        match timeout(SNAPSHOT_LIMIT + SEND_LIMIT, exchange).await {
            Ok(Some(picture)) => picture.map_err(|error| error.to_string()),
            Ok(None) | Err(_) => Err(CommandError::Busy.to_string()),
        }
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
    /// The next one; `None` when the gateway has ended.
    async fn next(&mut self) -> Option<Next> {
        loop {
            match self.0.recv().await {
                Ok(Event::Message { member, peer, message }) => {
                    return Some(Next::Message(Received { member, peer, message }));
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(count)) => return Some(Next::Missed(count)),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
