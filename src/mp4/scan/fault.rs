//! What is wrong with a file.

use std::fmt;

/// How a file can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are no box, or none that belongs there.
    NoBox,
    /// A box that goes on for so many bytes more than there are: the writing broke off, or its size is wrong.
    Torn {
        /// How many bytes are missing.
        missing: u64,
    },
    /// A box that has more bytes than any of its kind should.
    TooLarge {
        /// How many it has.
        size: u64,
        /// How many it may have.
        most: u64,
    },
    /// A box that ends before all is told that belongs into it.
    TooShort,
    /// Samples of a track that the header does not know.
    NoSuchTrack {
        /// The track's number.
        track: u32,
    },
    /// Samples without a byte, or whose bytes are not in the mdat behind their moof.
    NoData,
    /// A fragment with bytes that belong to no sample: what told of them is broken.
    NoSample {
        /// How many.
        bytes: u64,
    },
    /// A fragment before moov, or a moov without a track.
    NoTracks,
    /// An mdat that no moof comes before, or a moof that no mdat comes behind.
    NoFragment,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBox => f.write_str("expected a box of an MP4 file, got other bytes"),
            Self::Torn { missing } => write!(f, "a box lacks its last {missing} bytes"),
            Self::TooLarge { size, most } => write!(f, "expected a box of {most} bytes at most, got one of {size}"),
            Self::TooShort => f.write_str("a box is too short for what it has to tell"),
            Self::NoSuchTrack { track } => write!(f, "samples of track {track}, which the header does not know"),
            Self::NoData => f.write_str("the bytes of samples are not where they should be"),
            Self::NoSample { bytes } => write!(f, "{bytes} bytes of a fragment belong to no sample"),
            Self::NoTracks => f.write_str("expected to be told of tracks before any samples"),
            Self::NoFragment => f.write_str("expected moof and mdat, one behind the other, got one of them"),
        }
    }
}
