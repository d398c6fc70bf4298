//! How the HTTP servers do.

use std::time::SystemTime;

/// How the HTTP servers of a daemon do, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerState {
    /// How often all connections of one of them were taken.
    pub connections_full: u64,
    /// When the certificate ends that is shown; `None` where TLS is not spoken.
    pub certificate_end: Option<SystemTime>,
}
