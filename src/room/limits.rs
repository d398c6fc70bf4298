//! How much a room may ask of us. Whoever is let into the room is not trusted with more.

use std::time::Duration;

/// The bounds of everything that grows with what others send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Peers at a time, those that are being taken down among them. One that only looks costs 8 threads and 1 MB.
    pub peers: usize,
    /// Candidates of one peer in one session that are used. Browsers send under 20; each makes libnice probe an address.
    pub candidates: usize,
    /// Candidates of one peer in one session until it is ignored. A browser that gathers for each section, on a machine
    /// with many interfaces, goes beyond those that are used.
    pub candidates_heard: usize,
    /// How often one peer may ask for a connection in a minute, and so often at once. A page asks once.
    pub joins_per_minute: u32,
    /// Offers and answers of one peer in a minute, and so many at once. A page sends one for each connection.
    pub descriptions_per_minute: u32,
    /// How long who goes beyond a limit is ignored the first time. Then twice as long each time, up to
    /// [`Limits::longest_ignored`].
    pub ignored: Duration,
    /// Connections begun each second, after `burst` at once: a full room may come back in a moment.
    pub begun_per_second: u32,
    /// Connections begun at once after it was quiet.
    pub burst: u32,
    /// How long a connection may take, from the first command to `Connected`.
    pub negotiation: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: 64,
            candidates: 64,
            candidates_heard: 256,
            joins_per_minute: 20,
            descriptions_per_minute: 30,
            ignored: Duration::from_secs(30),
            begun_per_second: 5,
            burst: 64,
            negotiation: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Those of a room with so many places, which may all be taken in a moment.
    #[must_use]
    pub fn with_peers(peers: usize) -> Self {
        let default = Self::default();
        let burst = u32::try_from(peers).unwrap_or(u32::MAX).max(default.burst);
        Self { peers, burst, ..default }
    }

    /// How long somebody is ignored at most, and has to behave until it begins anew: 10 min, or the first time if that is
    /// longer.
    #[must_use]
    pub fn longest_ignored(&self) -> Duration {
        self.ignored.max(Duration::from_secs(10 * 60))
    }

    /// How many connections there may be, those that are being taken down among them. Beyond the peers' places there
    /// are some for who comes back into a room that is full: its earlier connection may be dead, and not known to be.
    #[must_use]
    pub const fn sessions(&self) -> usize {
        self.peers + CLOSING_PER_PEER
    }
}

/// What the texts of a candidate may have together; a longer one is never held back. Its line has 1024 bytes at most
/// (`sdp::candidate`), its user fragment 256 (RFC 8839, section 5.4), and its section's name fewer.
pub(super) const CANDIDATE_BYTES: usize = 1536;

/// Peers that have no session, and whose candidates are held back all the same.
pub(super) const EARLY_PEERS: usize = 8;

/// Members whose conduct is remembered: four full rooms.
pub(super) const REMEMBERED: usize = 256;

/// Sessions of one peer that may be on their way down. A peer that restarts faster than they go is refused.
pub(super) const CLOSING_PER_PEER: usize = 8;

/// How long a session that is being taken down counts as a peer. It is at most 10 s before its pipeline is down or given
/// up (`media::pipeline`); one whose end was never reported must not keep its place for ever.
pub(super) const CLOSING_LIMIT: Duration = Duration::from_secs(30);

/// How long a call (`join`, `requestConnect`) that came while there was a session is remembered. A connection whose other
/// end is gone is noticed within this time; when it ends, the call is answered.
pub(super) const CALL_MEMORY: Duration = Duration::from_secs(60);
