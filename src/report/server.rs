//! How the HTTP servers do.

use std::time::SystemTime;

/// How the HTTP servers of a daemon do, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerState {
    /// When the certificate ends that is shown; `None` where TLS is not spoken.
    pub certificate_end: Option<SystemTime>,
}
