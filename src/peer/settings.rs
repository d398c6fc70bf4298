//! A peer's connection as it is configured.

use std::{sync::Arc, time::Duration};

use super::{Certificate, MessageLimits};
use crate::{
    ice::IceSettings,
    ids::PeerId,
    trust::{Key, Side},
};

/// What all connections of a member have in common.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How connections are found.
    pub ice: IceSettings,
    /// The data channel that we make; `None` for none. The other side may make one in any case.
    pub channel: Option<ChannelSettings>,
    /// Who we are in DTLS. One for each member, so that rooms can't tell that two members are one box.
    pub certificate: Arc<Certificate>,
    /// How long received media waits for lost packets.
    pub jitter_buffer: Duration,
    /// How much the peer may say over data channels.
    pub messages: MessageLimits,
    /// What has to be proved before anything flows; `None`: nothing.
    pub trust: Option<Trust>,
}

/// What has to be proved.
#[derive(Debug, Clone)]
pub struct Trust {
    /// That both have this key.
    pub key: Key,
    /// A name for the room, where one key serves several.
    pub room: String,
    /// Our id.
    pub own: PeerId,
    /// Whether we ask for it, or are asked.
    pub side: Side,
}

/// A data channel as the W3C's `RTCDataChannelInit` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSettings {
    /// Its label; `None` for 20 random characters, as the library does.
    pub label: Option<String>,
    /// Whether messages arrive in the order they were sent in.
    pub ordered: bool,
    /// How often a message is sent again at most.
    pub max_retransmits: Option<u16>,
    /// How long, in ms, a message is sent again at most. Not together with `max_retransmits`.
    pub max_packet_life_time: Option<u16>,
    /// The sub-protocol's name; may be empty.
    pub protocol: String,
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self { label: None, ordered: true, max_retransmits: None, max_packet_life_time: None, protocol: String::new() }
    }
}
