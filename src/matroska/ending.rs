//! What makes a recording a whole file: where its keyframes are, how long it is, and its size.

use std::time::Duration;

use super::{
    element::{WriteElements, wide_size},
    id::Id,
    index::Index,
};
use crate::container::{Ending, Patch};

/// How long a Seek element is that this house writes, with a position of eight bytes; a Void of this length holds its place.
pub(super) const SEEK_LENGTH: u64 = 21;

/// How long a Duration element is; a Void of this length holds its place.
pub(super) const DURATION_LENGTH: u64 = 11;

/// What of a header an ending changes, in bytes from the file's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// The segment's size, eight bytes.
    pub(super) segment_size: u64,
    /// The segment's first element: what positions are counted from.
    pub(super) segment: u64,
    /// Where SeekHead has room for an element of [`SEEK_LENGTH`] that tells where the Cues are.
    pub(super) cues_seek: u64,
    /// Where Info has room for an element of [`DURATION_LENGTH`].
    pub(super) duration: u64,
    /// How long a tick is, in ns.
    pub(super) tick: u64,
}

/// That of a file whose last cluster is `last`, not appended yet, and which is `written` bytes long before that.
pub(super) fn ending(places: Places, index: &Index, end: Duration, last: Vec<u8>, written: u64) -> Ending {
    let mut append = last;
    let cues = written + append.len() as u64;
    index.write(&mut append);
    let length = written + append.len() as u64;

    let mut seek = Vec::new();
    if length > cues {
        write_seek(Id::CUES, cues - places.segment, &mut seek);
    } else {
        seek.void(SEEK_LENGTH);
    }
    let mut duration = Vec::new();
    duration.float(Id::DURATION, (end.as_nanos() as f64 / places.tick as f64).max(SHORTEST));
    let size = wide_size(length - places.segment).to_vec();
    let patches = vec![
        Patch { offset: places.cues_seek, bytes: seek },
        Patch { offset: places.duration, bytes: duration },
        Patch { offset: places.segment_size, bytes: size },
    ];
    Ending { append, patches }
}

/// What a file lasts at least, in ticks: none lasts no time (RFC 9559, section 5.1.2.10).
const SHORTEST: f64 = 1.0;

/// Appends an element of [`SEEK_LENGTH`] that says where another one is, counted from the segment's first one.
pub(super) fn write_seek(id: Id, position: u64, out: &mut Vec<u8>) {
    let seek_id: Vec<u8> = id.bytes().collect();
    out.master(Id::SEEK, |seek| {
        seek.binary(Id::SEEK_ID, &seek_id);
        seek.binary(Id::SEEK_POSITION, &position.to_be_bytes());
    });
}
