//! What one socket, one room and all of them may take.

/// The limits of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest message, in bytes. A longer one ends its socket.
    pub message_bytes: usize,
    /// Messages that a socket may send each second. It is read no faster: who sends more, waits.
    pub messages_per_second: u32,
    /// Messages that a socket may send at once after it was quiet. One who enters a room of a hundred
    /// sends each an offer and a dozen candidates.
    pub burst: u32,
    /// Messages that may wait for a socket. One that does not keep up is closed.
    pub queued_messages: usize,
    /// Bytes that may wait for a socket. One that does not keep up is closed.
    pub queued_bytes: usize,
    /// Sockets in one room.
    pub sockets_per_room: usize,
    /// Rooms that are not empty.
    pub rooms: usize,
    /// Sockets in all rooms.
    pub sockets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 256 * 1024,
            messages_per_second: 200,
            burst: 400,
            queued_messages: 4096,
            queued_bytes: 4 * 1024 * 1024,
            sockets_per_room: 128,
            rooms: 64,
            sockets: 512,
        }
    }
}

impl Limits {
    /// What is read of a message before the connection is cut. More than the limit, so that one who goes a
    /// little beyond it is told so: a socket with unread bytes can only be broken off.
    pub(super) const fn received_bytes(&self) -> usize {
        self.message_bytes.saturating_mul(2)
    }
}
