//! What happens.

use serde::Serialize;

use super::Message;
use crate::{
    codec::{Codec, MediaKind},
    ids::{MemberKey, PeerId},
};

/// Something that happened. Each goes out as one server-sent event.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A peer was met: descriptions are on their way.
    PeerJoined {
        /// Our id in the room.
        member: PeerId,
        /// Its id.
        peer: PeerId,
    },
    /// Media and data can flow.
    PeerConnected {
        /// Our id in the room.
        member: PeerId,
        /// Its id.
        peer: PeerId,
    },
    /// A peer sends a track.
    Track {
        /// Our id in the room.
        member: PeerId,
        /// Its id.
        peer: PeerId,
        /// Audio or video.
        kind: MediaKind,
        /// How it is encoded.
        codec: Codec,
    },
    /// A message came over a data channel.
    Message {
        /// Which member heard it, within this process.
        #[serde(skip)]
        key: MemberKey,
        /// Our id in the room.
        member: PeerId,
        /// Who sent it.
        peer: PeerId,
        /// What it says.
        #[serde(flatten)]
        message: Message,
    },
    /// A peer is gone.
    PeerClosed {
        /// Our id in the room.
        member: PeerId,
        /// Its id.
        peer: PeerId,
        /// Why, in words.
        why: String,
    },
}
