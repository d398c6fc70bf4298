//! What is noted of a segment, in a file of JSON beside it. `docs/recording-manifest.schema.json` is its schema.
//!
//! Who reads one should pass over what it does not know: fields may be added within a format. What changes the meaning of
//! one, or adds a word to a list of words, is a new format.

use serde::{Deserialize, Serialize};

use super::{Container, FileName, Sha256Hex};
use crate::ids::{BootId, PeerId, RecordingId};

mod bounds;
mod gaps;
mod json;
mod moment;
mod ms;
mod state;
mod track;

pub use gaps::{Gap, GapKind, Gaps};
pub use json::{ManifestError, digest};
pub use moment::{Clock, Moment};
pub use state::State;
pub use track::{SizeChange, Track};

/// The format that is written and read here.
pub const FORMAT: u64 = 1;

/// The largest manifest that is read, in bytes. One with everything in it that [`Manifest`] bounds has half as many.
pub const MAX_BYTES: usize = 1 << 20;

/// The most tracks of a segment: a peer sends two, with a screen three.
pub const MAX_TRACKS: usize = 16;

/// A segment, as its manifest tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Which recording it is a segment of.
    pub recording: RecordingId,
    /// The member's id, as which the room knew it.
    pub member: PeerId,
    /// Who sent it: the peer's id; `None` where it was the member itself.
    pub peer: Option<PeerId>,
    /// Who sent it.
    pub direction: Direction,
    /// Its place among the recording's segments, from 0.
    pub sequence: u64,
    /// The segment itself.
    pub file: FileName,
    /// What kind of file that is.
    pub container: Container,
    /// How far it has come.
    pub state: State,
    /// It is kept, whatever is too old or too much. This alone may change once a segment is finished.
    pub pinned: bool,
    /// The start of the machine that `start` and `end` count from.
    pub boot: BootId,
    /// When it began: its time 0.
    pub start: Moment,
    /// When it ended; `None` while it is written, and where nobody knows.
    pub end: Option<Moment>,
    /// How large the file is.
    pub bytes: u64,
    /// The file's digest, once it is sealed: soon after its end.
    pub sha256: Option<Sha256Hex>,
    /// The segment before, where there is one.
    pub previous: Option<Previous>,
    /// What is in the file.
    #[serde(deserialize_with = "bounds::list::<_, _, MAX_TRACKS>")]
    pub tracks: Vec<Track>,
    /// What is missing from it.
    pub gaps: Gaps,
}

/// Who sent what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The peer.
    Remote,
    /// The member itself.
    Local,
}

/// The segment before, and what its manifest was when that was finished: each vouches for all before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The segment's file, in the same folder.
    pub file: FileName,
    /// The [`digest`] of its manifest.
    pub manifest_sha256: Sha256Hex,
}

#[cfg(test)]
mod tests;
