//! Whether the segments of recordings are all there, and still what they were.
//!
//! Each manifest has the digest of its segment and of the manifest before. What is removed because it is old
//! ([`retention`](super::retention)) is missing at the beginning, where nothing vouches for it, and that is no fault.

use std::collections::BTreeMap;

use super::{
    FileName, Sha256Hex,
    manifest::{Manifest, State},
};
use crate::ids::RecordingId;

/// A segment, as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// What its manifest says.
    pub manifest: &'a Manifest,
    /// Its manifest's [`digest`](super::manifest::digest).
    pub digest: Sha256Hex,
    /// Its file's digest; `None` where there is no file.
    pub file: Option<Sha256Hex>,
}

/// What is wrong with a segment, or between two of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The manifest's file is not there.
    #[error("{file}: expected this file beside its manifest, and it is not there")]
    NoFile {
        /// The segment's file.
        file: FileName,
    },
    /// The file was changed since it was finished.
    #[error(
        "{file}: expected the SHA-256 {expected}, got {got}: it was changed since it was finished, or the disk is failing"
    )]
    FileChanged {
        /// The segment's file.
        file: FileName,
        /// What its manifest says.
        expected: Sha256Hex,
        /// What it is.
        got: Sha256Hex,
    },
    /// A manifest was changed since the one after it was begun.
    #[error(
        "{file}: expected its manifest to have the digest {expected}, which the next segment's has noted, got {got}: it was changed"
    )]
    ManifestChanged {
        /// The file of the segment whose manifest was changed.
        file: FileName,
        /// What the next segment's manifest says.
        expected: Sha256Hex,
        /// What it is.
        got: Sha256Hex,
    },
    /// A manifest names another segment before it than the one that is there, or none.
    #[error("{file}: expected its manifest to name {before} as the segment before, got {got}", got = name(.got.as_ref()))]
    Unlinked {
        /// The segment's file.
        file: FileName,
        /// The file of the segment before.
        before: FileName,
        /// The one that is named.
        got: Option<FileName>,
    },
    /// Segments are missing, and not because they were too old: older ones are there.
    #[error("recording {recording}: expected segment {} after {after}, got {before}: what is between them is not there", .after.saturating_add(1))]
    Hole {
        /// The recording.
        recording: RecordingId,
        /// The last segment's number before the hole.
        after: u64,
        /// The first one's behind it.
        before: u64,
    },
    /// Two manifests are of one segment.
    #[error("recording {recording}: expected one segment {sequence}, got {first} and {second}")]
    Twice {
        /// The recording.
        recording: RecordingId,
        /// The segment's number.
        sequence: u64,
        /// The file of one.
        first: FileName,
        /// The file of the other.
        second: FileName,
    },
}

/// Looks for faults in the segments of any recordings, in any order. Gives them by recording and segment.
#[must_use]
pub fn check(links: &[Link<'_>]) -> Vec<Fault> {
    let mut recordings: BTreeMap<&RecordingId, Vec<&Link<'_>>> = BTreeMap::new();
    for link in links {
        recordings.entry(&link.manifest.recording).or_default().push(link);
    }
    let mut faults = Vec::new();
    for segments in recordings.values_mut() {
        segments.sort_by(|a, b| (a.manifest.sequence, &a.manifest.file).cmp(&(b.manifest.sequence, &b.manifest.file)));
        faults.extend(segments.first().and_then(|first| file_fault(first)));
        // Pinned segments stay when all around them goes.
        let mut all_pinned = true;
        for pair in segments.windows(2) {
            let [before, segment] = pair else { continue };
            all_pinned &= before.manifest.pinned;
            faults.extend(fault_between(before, segment, all_pinned));
            faults.extend(file_fault(segment));
        }
    }
    faults
}

fn file_fault(link: &Link<'_>) -> Option<Fault> {
    let file = link.manifest.file.clone();
    match (link.manifest.sha256, link.file) {
        (Some(expected), Some(got)) if expected != got => Some(Fault::FileChanged { file, expected, got }),
        (_, None) if !matches!(link.manifest.state, State::Incomplete { .. }) => Some(Fault::NoFile { file }),
        _ => None,
    }
}

/// `may_be_hole`: what is missing between the two may have been too old.
fn fault_between(before: &Link<'_>, segment: &Link<'_>, may_be_hole: bool) -> Option<Fault> {
    let (first, second) = (before.manifest, segment.manifest);
    if first.sequence == second.sequence {
        return Some(Fault::Twice {
            recording: first.recording.clone(),
            sequence: first.sequence,
            first: first.file.clone(),
            second: second.file.clone(),
        });
    }
    if first.sequence.checked_add(1) != Some(second.sequence) {
        return (!may_be_hole).then(|| Fault::Hole {
            recording: first.recording.clone(),
            after: first.sequence,
            before: second.sequence,
        });
    }
    let previous = second.previous.as_ref();
    match previous.filter(|previous| previous.file == first.file) {
        None => Some(Fault::Unlinked {
            file: second.file.clone(),
            before: first.file.clone(),
            got: previous.map(|previous| previous.file.clone()),
        }),
        Some(previous) if previous.manifest_sha256 != before.digest => Some(Fault::ManifestChanged {
            file: first.file.clone(),
            expected: previous.manifest_sha256,
            got: before.digest,
        }),
        Some(_) => None,
    }
}

fn name(file: Option<&FileName>) -> &str {
    file.map_or("none", FileName::as_str)
}

#[cfg(test)]
mod tests;
