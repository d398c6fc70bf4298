//! What is wrong with a file.

use std::fmt;

/// How a file can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are no element, or none that belongs there.
    NoElement,
    /// An element that goes on for so many bytes more than there are: the writing broke off, or its size is wrong.
    Torn {
        /// How many bytes are missing.
        missing: u64,
    },
    /// An element that has more bytes than any of its kind should.
    TooLarge {
        /// How many it has.
        size: u64,
        /// How many it may have.
        most: u64,
    },
    /// What is in an element of elements is not what its CRC-32 says.
    Checksum,
    /// A block of a track that the header does not know.
    NoSuchTrack {
        /// The track's number.
        track: u64,
    },
    /// A block before its cluster's Timestamp.
    NoTimestamp,
    /// A TrackEntry without a TrackNumber.
    NoTrackNumber,
    /// A cluster before Tracks.
    NoTracks,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoElement => f.write_str("expected a Matroska element, got other bytes"),
            Self::Torn { missing } => write!(f, "an element lacks its last {missing} bytes"),
            Self::TooLarge { size, most } => {
                write!(f, "expected an element of {most} bytes at most, got one of {size}")
            }
            Self::Checksum => f.write_str("what is written here is not what its checksum says"),
            Self::NoSuchTrack { track } => write!(f, "a block of track {track}, which the header does not know"),
            Self::NoTimestamp => f.write_str("a block comes before its cluster's time"),
            Self::NoTrackNumber => f.write_str("a track has no number"),
            Self::NoTracks => f.write_str("a cluster comes before the tracks are told of"),
        }
    }
}
