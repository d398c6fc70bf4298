//! What goes into a [`Room`](super::Room) and what comes out.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    connection::{PeerCommand, PeerEvent},
    ids::{PeerId, PeerKey},
    limit::Misdeed,
    signal::message::Envelope,
};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A message came from the relay.
    Signal(Envelope),
    /// The relay came or went.
    Link(Link),
    /// A peer's connection reports.
    Peer(PeerKey, PeerEvent),
    /// The operator wants something.
    Command(Command),
    /// These are this process's other members in the same room, from now on.
    Siblings(BTreeSet<PeerId>),
    /// The deadline that [`next_deadline`](super::Room::next_deadline) named has come.
    Timeout,
}

/// Whether the relay is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It is.
    Up,
    /// It is not. Peers that are connected stay.
    Down,
}

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Close the connection to a peer.
    Close(PeerId),
    /// Close all, and take no more.
    Leave,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Put this on the wire.
    Send(Envelope),
    /// Tell this to the peer's connection. The first command of a session makes it, and
    /// [`PeerCommand::Close`] is the last.
    Peer(PeerKey, PeerCommand),
    /// Tell the world.
    Notice(Notice),
}

/// What the world should know.
///
/// `Joined` and `Closed` come in pairs: a negotiation that is begun anew before it led to a connection
/// keeps the peer as it is, and tells nothing. So does one that is begun beside a connection, until it has led to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A peer was met.
    Joined(PeerKey),
    /// A peer is connected.
    Connected(PeerKey),
    /// A peer is gone.
    Closed {
        /// Which.
        peer: PeerKey,
        /// Why, in words.
        why: String,
    },
    /// A room member sent what it should not have. Nothing was done about it but this.
    Misbehaved {
        /// Who says that they sent it.
        peer: PeerId,
        /// What it was.
        misdeed: Misdeed,
    },
    /// A room member went too far: nothing of it is heard for a while.
    Ignoring {
        /// Who.
        peer: PeerId,
        /// What it did.
        misdeed: Misdeed,
        /// For how long.
        time: Duration,
    },
    /// A candidate can't be used here, and nobody is to blame. Told once for each session: it may be why a peer is not
    /// found.
    CandidateLeftOut {
        /// Whose.
        peer: PeerId,
        /// What it is.
        why: String,
    },
    /// Something harmless was left out: a late answer, a candidate of an earlier description.
    Ignored {
        /// Who says that they sent it.
        peer: PeerId,
        /// What it was, and why it was left out.
        what: String,
    },
}
