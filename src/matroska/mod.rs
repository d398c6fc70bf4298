//! Matroska and WebM files as bytes (RFC 8794, RFC 9559, the WebM container guidelines): written so that whatever breaks
//! off the writing costs the last cluster at most, read so that any bytes can be told for what they are, and repaired.
//!
//! [`Writer`] gives a header, then whole clusters of a second at most, each to be appended in one write; an
//! [`Ending`](crate::container::Ending) makes the file one that can be sought in. [`scan()`] says what a file holds, and
//! [`Scan::repair`](crate::container::Scan::repair) what gives an interrupted one its ending.
//!
//! A file as it is written, and what the ending changes in it:
//!
//! ```text
//! EBML header
//! Segment                 size unknown       -> known
//!   SeekHead              Info, Tracks, Void -> Info, Tracks, Cues
//!   Info                  Void               -> Duration
//!   Tracks
//!   Cluster ...           CRC-32, Timestamp, SimpleBlock ...
//!                                            -> Cues, appended
//! ```
//!
//! Pure: bytes in, bytes out. The file is somebody else's.

mod cluster;
mod crc;
mod element;
mod ending;
mod header;
mod id;
mod index;
mod opus;
mod scan;
mod track;
mod writer;

pub use header::{DocType, Header, HeaderError};
pub use scan::{Fault, Scan, ScanError, scan};
pub use writer::Writer;

/// How long a tick of a file's times is, in ns (TimestampScale): what all players expect.
const TICK: u64 = 1_000_000;

#[cfg(test)]
mod tests;
