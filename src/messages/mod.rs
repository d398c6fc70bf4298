//! Messages of data channels, to and from programs of this machine (docs/messages.md): a program that is run for each, a
//! Unix socket with a line for each, and what peers may ask the box itself. Nothing of that is there unless it is
//! configured, and none of it can be configured from a room or over the API.

mod asked;
mod lines;
mod program;
mod written;

use std::{path::PathBuf, time::Duration};

use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinSet,
};

pub use self::{
    asked::Ask,
    written::{MAX_MESSAGE_BYTES, Unsendable, Written},
};
use crate::{
    gateway::command::{Command, CommandError},
    ids::PeerId,
    recorder::Recorder,
    report::{Event, Message, State},
    server::{LocalSocket, SocketError},
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

/// What is done with messages, for as long as this is held.
#[derive(Debug)]
pub struct Plumbing {
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
    /// Starts what is configured. Within a tokio runtime.
    ///
    /// # Errors
    /// When the socket can't be made.
    pub async fn start(settings: Settings, gateway: &Gateway) -> Result<Self, SocketError> {
        let Settings { socket, program, asks } = settings;
        let mut tasks = JoinSet::new();
        if let Some(path) = socket {
            tasks.spawn(lines::serve(LocalSocket::open(&path).await?, gateway.clone()));
        }
        if let Some(program) = program {
            tasks.spawn(program::run(program, gateway.clone()));
        }
        if !asks.is_empty() {
            tasks.spawn(asked::answer(asks, gateway.clone()));
        }
        Ok(Self { _tasks: tasks })
    }
}

impl Gateway {
    /// Messages from now on.
    fn messages(&self) -> Messages {
        Messages(self.events.subscribe())
    }

    /// Sends a message to this peer, or to all; to how many it went.
    async fn send(&self, peer: Option<PeerId>, message: Message) -> Result<usize, CommandError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Send { peer, message, reply };
        self.commands.send(command).await.map_err(|_| CommandError::Busy)?;
        answer.await.unwrap_or(Err(CommandError::Busy))
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
