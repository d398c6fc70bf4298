//! ICE as it is configured (servers, policy, interfaces, ports), and the way that it has found. Pure.

mod server;
mod way;

use std::ops::RangeInclusive;

pub use self::{
    server::{HostPort, IceUrlError, TurnServer, TurnTransport},
    way::{CandidateKind, Transport, Way},
};

/// How connections are found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IceSettings {
    /// The STUN server, `host:port`. GStreamer takes one.
    pub stun: Option<HostPort>,
    /// TURN servers, tried all.
    pub turn: Vec<TurnServer>,
    /// Which candidates are used.
    pub policy: TransportPolicy,
    /// Interfaces whose addresses are offered; empty for all that `deny` leaves.
    pub allow: Vec<String>,
    /// Interfaces whose addresses are not offered. Both lists take a trailing `*`.
    pub deny: Vec<String>,
    /// The UDP ports of host candidates; `None` for any.
    pub ports: Option<RangeInclusive<u16>>,
    /// Whether host candidates over TCP are offered too.
    pub tcp: bool,
}

/// `iceTransportPolicy` of the browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportPolicy {
    /// Every candidate.
    #[default]
    All,
    /// Only through a TURN server.
    Relay,
}
