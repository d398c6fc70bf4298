//! What a peer's connection is told and what it tells: the words between [`crate::room`] and [`crate::peer`]. Pure.

use crate::{
    codec::{Codec, MediaKind},
    limit::Misdeed,
    report::{Message, PeerState},
    sdp::{RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::{Candidate, Description},
};

/// What a connection is told. The first is `Offer` or `AcceptOffer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerCommand {
    /// Make an offer. It comes back as [`PeerEvent::Description`].
    Offer,
    /// Take this offer and answer it. The answer comes back as [`PeerEvent::Description`].
    AcceptOffer(Box<RemoteOffer>),
    /// Take the answer to our offer.
    AcceptAnswer(Box<RemoteAnswer>),
    /// Take a candidate. Those that come before the description wait for it.
    AddCandidate(RemoteCandidate),
    /// End the connection. [`PeerEvent::Closed`] follows when all is down.
    Close(CloseReason),
}

/// What a connection tells.
#[derive(Debug, Clone)]
pub enum PeerEvent {
    /// Our description is set and ready to be sent.
    Description(Description),
    /// A candidate of ours. Always after the description.
    Candidate(Candidate),
    /// Media and data can flow, and the remote certificate is the one its description named.
    Connected,
    /// The peer sends a track.
    TrackAdded {
        /// Audio or video.
        kind: MediaKind,
        /// How it is encoded.
        codec: Codec,
    },
    /// The data channel can be sent over.
    ChannelOpen {
        /// Its label.
        label: String,
    },
    /// A message came.
    Message(Message),
    /// What the API shows of it; comes each second while connected and at each change.
    State(Box<PeerState>),
    /// It is over, and everything it held is free. The last event.
    Closed(CloseReason),
}

/// Why a connection ended, and whose doing it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// The operator or the room's rules wanted it.
    #[error("closed here: {0}")]
    Asked(String),
    /// The peer came again under the same id.
    #[error("replaced by a new connection of the same peer")]
    Replaced,
    /// No connection came about in time.
    #[error("not connected within {0} s: {1}")]
    Deadline(u64, String),
    /// The peer closed its side.
    #[error("the peer closed the connection")]
    ClosedByPeer,
    /// Nothing was heard of it for too long.
    #[error("nothing heard of the peer for {0} s: its page or its network is gone")]
    Silent(u64),
    /// No pair of addresses works, or none works any more.
    #[error("no way to reach the peer: ICE failed; a TURN server ([ice] turn) helps where no direct path exists")]
    Unreachable,
    /// The peer did what it must not.
    #[error("the peer misbehaved: {0}")]
    Misbehaved(Misdeed),
    /// Something of ours broke.
    #[error("failed here: {0}")]
    Failed(String),
}
