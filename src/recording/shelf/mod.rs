//! The segments that are kept: found by file and by number, and listed in their order, a page at a time. There may be a
//! hundred thousand: what changes one does not look at the others.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

mod place;

pub use place::{Place, PlaceError};

use super::{Kept, WallTime};
use crate::ids::{PeerId, RecordingId};

/// All segments that are kept.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    by_file: BTreeMap<Arc<str>, Kept>,
    /// The oldest first.
    by_time: BTreeSet<Place>,
    by_recording: BTreeMap<RecordingId, BTreeSet<(u64, Arc<str>)>>,
    disk_bytes: u64,
}

/// Which segments are asked for: those that fit all that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Recorded as this member of a room.
    pub member: Option<PeerId>,
    /// Sent by this peer.
    pub peer: Option<PeerId>,
    /// Of this recording.
    pub recording: Option<RecordingId>,
    /// With something of this moment or later.
    pub from: Option<WallTime>,
    /// Begun before this moment.
    pub to: Option<WallTime>,
    /// Behind this place.
    pub after: Option<Place>,
}

/// Segments in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// They, the oldest first.
    pub segments: Vec<Kept>,
    /// Behind which place it goes on; `None` where there are no more.
    pub next: Option<Place>,
}

impl Shelf {
    /// Takes in a segment, in the place of what was known of its file; what that was.
    pub fn insert(&mut self, kept: Kept) -> Option<Kept> {
        let known = self.remove(&kept.file);
        self.disk_bytes = self.disk_bytes.saturating_add(kept.disk_bytes);
        self.by_time.insert(Place::of(&kept));
        let of_it = self.by_recording.entry(kept.recording.clone()).or_default();
        of_it.insert((kept.sequence, Arc::clone(&kept.file)));
        self.by_file.insert(Arc::clone(&kept.file), kept);
        known
    }

    /// Takes out the segment with this file; what was known of it.
    pub fn remove(&mut self, file: &str) -> Option<Kept> {
        let known = self.by_file.remove(file)?;
        self.disk_bytes = self.disk_bytes.saturating_sub(known.disk_bytes);
        self.by_time.remove(&Place::of(&known));
        if let Some(of_it) = self.by_recording.get_mut(&known.recording) {
            of_it.remove(&(known.sequence, Arc::clone(&known.file)));
            if of_it.is_empty() {
                self.by_recording.remove(&known.recording);
            }
        }
        Some(known)
    }

    /// The segment with this file, below the folder of recordings.
    #[must_use]
    pub fn segment(&self, file: &str) -> Option<&Kept> {
        self.by_file.get(file)
    }

    /// The segments of a recording, by number.
    pub fn of_recording(&self, recording: &RecordingId) -> impl Iterator<Item = &Kept> {
        let of_it = self.by_recording.get(recording).into_iter().flatten();
        of_it.filter_map(|(_, file)| self.by_file.get(file))
    }

    /// A segment in the folder `folder`, which is below that of recordings.
    #[must_use]
    pub fn beside(&self, folder: &str) -> Option<&Kept> {
        let prefix = format!("{folder}/");
        let behind = self.by_file.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded)).next();
        behind.filter(|(file, _)| file.starts_with(&prefix)).map(|(_, kept)| kept)
    }

    /// All of them, by file.
    pub fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.by_file.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_file.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_file.is_empty()
    }

    /// What all of them take of the disk, in bytes.
    #[must_use]
    pub const fn disk_bytes(&self) -> u64 {
        self.disk_bytes
    }

    /// The first `most` of those that are asked for.
    #[must_use]
    pub fn page(&self, query: &Query, most: usize) -> Page {
        let mut found: VecDeque<Kept> = match &query.recording {
            Some(recording) => {
                let mut found: Vec<_> = self.of_recording(recording).filter(|kept| query.fits(kept)).collect();
                found.sort_by_cached_key(|kept| Place::of(kept));
                found.into_iter().take(most.saturating_add(1)).cloned().collect()
            }
            None => {
                let after = query.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
                let behind = self.by_time.range((after, Bound::Unbounded));
                let found = behind.filter_map(|place| self.by_file.get(place.file()));
                found.filter(|kept| query.fits(kept)).take(most.saturating_add(1)).cloned().collect()
            }
        };
        let is_more = found.len() > most;
        found.truncate(most);
        Page { next: found.back().filter(|_| is_more).map(Place::of), segments: found.into() }
    }
}

impl Query {
    fn fits(&self, kept: &Kept) -> bool {
        self.member.as_ref().is_none_or(|member| *member == kept.member)
            && self.peer.as_ref().is_none_or(|peer| kept.peer.as_ref() == Some(peer))
            && self.recording.as_ref().is_none_or(|recording| *recording == kept.recording)
            && self.from.is_none_or(|from| kept.ended.is_none_or(|ended| ended >= from))
            && self.to.is_none_or(|to| kept.begun < to)
            && self.after.as_ref().is_none_or(|after| Place::of(kept) > *after)
    }
}

#[cfg(test)]
mod tests;
