//! What the control API asks of the gateway, with a place for the reply.

use tokio::sync::oneshot;

use super::{Change, Ready, StartError};
use crate::{
    ids::{Members, PeerId, SourceName},
    peer::SendError,
    report::Message,
    studio::{Snapshot, SnapshotError},
};

/// A request to the running gateway.
#[derive(Debug)]
pub enum Command {
    /// Send a message over data channels.
    Send {
        /// In the rooms of these.
        members: Members,
        /// To this peer, in whatever room it is; `None` for all.
        peer: Option<PeerId>,
        /// What to send.
        message: Message,
        /// To how many it went.
        reply: oneshot::Sender<Result<usize, CommandError>>,
    },
    /// Close the connection to a peer.
    ClosePeer {
        /// Which.
        peer: PeerId,
        /// Done, or why not.
        reply: oneshot::Sender<Result<(), CommandError>>,
    },
    /// Say whether the gateway's loops turn: its own and every member's.
    Turn {
        /// They have; dropped where a member does not take the question.
        reply: oneshot::Sender<()>,
    },
    /// Become another.
    Change {
        /// What there is to be.
        change: Change,
        /// What comes once it is: who had to leave has left. Or why nothing has changed.
        reply: oneshot::Sender<Result<Ready, StartError>>,
    },
    /// Take a picture of what a source shows.
    Snapshot {
        /// Which source.
        source: SourceName,
        /// The most bytes that it may have; `None` for as many as it takes.
        most: Option<usize>,
        /// A JPEG file, or why there is none.
        reply: oneshot::Sender<Result<Snapshot, SnapshotError>>,
    },
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No such peer.
    #[error("no peer {0} in any room")]
    NoSuchPeer(PeerId),
    /// Its channel is not open.
    #[error("the data channel of peer {0} is not open")]
    ChannelClosed(PeerId),
    /// Too much waits to be sent.
    #[error("peer {0} does not keep up: {1} bytes wait to be sent to it")]
    Congested(PeerId, u64),
    /// Its connection is held up.
    #[error("the connection to peer {0} takes no message right now")]
    Stuck(PeerId),
    /// The message can't be sent.
    #[error("{0}")]
    Unsendable(String),
    /// A member is being restarted, or is so far behind that requests to it pile up.
    #[error("the gateway has too many requests to take another")]
    Busy,
}

impl CommandError {
    /// What helps.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoSuchPeer(_) => "GET /api/state lists those that are there",
            Self::ChannelClosed(_) | Self::Unsendable(_) => "GET /api/state shows each peer's channel",
            Self::Congested(..) => "send less, or try again later",
            Self::Stuck(_) | Self::Busy => "try again",
        }
    }

    /// Both together, in one line.
    #[must_use]
    pub fn with_help(&self) -> String {
        format!("{self}; {}", self.help())
    }

    /// Why a message did not go to `peer`.
    pub(super) fn of_send(peer: PeerId, error: SendError) -> Self {
        match error {
            SendError::NotOpen => Self::ChannelClosed(peer),
            SendError::Congested(bytes) => Self::Congested(peer, bytes),
            other => Self::Unsendable(other.to_string()),
        }
    }
}
