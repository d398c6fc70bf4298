//! RTP (RFC 3550): the packets of a stream as we send it, what is sent again, our reports, and what the other side reports.
//!
//! Pure: bytes in, bytes out; time comes in as an argument. Sockets are somebody else's.

mod feedback;
mod payloads;
mod protection;
mod report;
mod sender_time;
mod stream;

pub use feedback::{Arrival, Feedback, ReceptionReport};
pub use payloads::{Payload, Payloads, pack};
pub use protection::{Protection, ProtectionError, Unprotection};
pub use report::{Ntp, SenderInfo};
pub use sender_time::SenderTime;
pub use stream::{PackedFrame, Repair, Stream, StreamCounts, StreamSettings};
