//! ICE as it is configured: servers, policy, interfaces, ports. Pure.

use std::ops::RangeInclusive;

use crate::redact::Redacted;

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

/// A server by name or address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Name, IPv4 address, or IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A TURN server and how to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnServer {
    /// Where it is.
    pub server: HostPort,
    /// How it is spoken to.
    pub transport: TurnTransport,
    /// User name, of any characters.
    pub user: Redacted<String>,
    /// Password, of any characters.
    pub password: Redacted<String>,
}

/// How a TURN server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnTransport {
    /// `turn:` with `transport=udp`.
    Udp,
    /// `turn:` with `transport=tcp`.
    Tcp,
    /// `turns:`.
    Tls,
}
