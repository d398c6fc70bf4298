//! What the client needs of a way to the relay. WebSocket is one.

use std::future::Future;

/// A way to a relay.
pub(super) trait Transport: Send + 'static {
    /// A connection over it.
    type Connection: Connection;

    /// Connects, once. Who calls it sets the time limit by what the transport knows, and tries again.
    fn connect(&mut self) -> impl Future<Output = Result<Self::Connection, Lost>> + Send;
}

/// A connection to a relay. It finds out by itself when the other side is gone.
pub(super) trait Connection: Send {
    /// The next message. Dropping the future loses none.
    fn receive(&mut self) -> impl Future<Output = Result<Vec<u8>, Lost>> + Send;

    /// Sends a message, within a time limit.
    fn send(&mut self, text: String) -> impl Future<Output = Result<(), Lost>> + Send;

    /// Says goodbye, within a time limit.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Why there is no connection, or none any more: whose doing it is, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    /// Nobody is there: no TCP connection came about.
    #[error("{0}")]
    Absent(String),
    /// All else: who is there, the relay or who stands before it, does not serve us, or no longer; or can't be asked.
    #[error("{0}")]
    Unserved(String),
}
