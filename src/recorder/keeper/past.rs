//! What was in the folder before it was ours: it is looked through a little at a time, between answers.

use std::{
    collections::{HashSet, VecDeque},
    path::{Path, PathBuf},
};

use tracing::{info, warn};

use super::{Job, work::Work};
use crate::{
    ids::RecordingId,
    recorder::{
        index::{self, Found, Search},
        segment_file::manifest_path,
        stray::{self, Lost},
    },
    recording::manifest::Manifest,
};

/// How many files are looked at between two answers: some ms.
const STEP: usize = 32;

/// How many old segments wait for the sealer at a time. New ones find room beside them.
const MOST_MENDED: usize = 64;

/// What was there before.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Where it is looked through; `None` once it has been.
    search: Option<Search>,
    /// Segments that have lost their manifests, as far as it was looked through.
    strays: Vec<PathBuf>,
    /// Files that are not ours: how many, and one of them.
    others: Option<(u64, PathBuf)>,
    /// What is to be sealed or mended.
    left: VecDeque<Left>,
    /// Those of them that wait for the sealer.
    mended: HashSet<PathBuf>,
}

/// A segment that an earlier process left.
#[derive(Debug)]
struct Left {
    recording: RecordingId,
    segment: PathBuf,
    /// Its manifest, where it has lost its own.
    fresh: Option<Box<Manifest>>,
}

impl Past {
    /// That of the folder `dir`.
    pub(super) fn of(dir: &Path) -> Self {
        Self { search: Some(Search::new(dir)), ..Self::default() }
    }

    /// Whether there is more than was seen.
    pub(super) const fn is_searched(&self) -> bool {
        self.search.is_some()
    }

    /// The sealer has this in hand now.
    pub(super) fn is_taken(&mut self, segment: &Path) {
        self.mended.remove(segment);
    }
}

impl Work {
    /// Looks at some more of what was there before. What has lost its manifest comes last: others in its folder tell whose
    /// it is.
    pub(super) fn search_on(&mut self) {
        for _ in 0..STEP {
            match self.past.search.as_mut().and_then(Iterator::next) {
                Some(Found::Manifest(path)) => self.find(&path),
                Some(Found::Segment(path)) if manifest_path(&path).exists() => {}
                Some(Found::Segment(path)) => self.past.strays.push(path),
                Some(Found::Other(path)) => {
                    let (count, _) = self.past.others.get_or_insert((0, path));
                    *count += 1;
                }
                None => match self.past.strays.pop() {
                    Some(segment) => self.adopt(&segment),
                    None => return self.end_search(),
                },
            }
        }
    }

    fn end_search(&mut self) {
        self.past.search = None;
        // Each vouches for the one before, as that is when it is sealed: they are sealed in their order.
        self.past.left.make_contiguous().sort_by(|one, other| one.segment.cmp(&other.segment));
        if let Some((count, file)) = self.past.others.take() {
            info!(count, file = %file.display(), "files in the folder of recordings are not ours, and are left alone");
        }
        self.look();
    }

    /// Takes in what was there before. Nobody writes to it any more: what is unfinished is mended.
    fn find(&mut self, manifest: &Path) {
        match index::kept(self.folder.path(), manifest) {
            Ok(kept) => {
                let segment = self.folder.path().join(&*kept.file);
                // What we have written meanwhile is known already.
                if self.written_to.contains(&segment) || self.told.shelf.borrow().segment(&kept.file).is_some() {
                    return;
                }
                if kept.is_unsealed() {
                    self.past.left.push_back(Left { recording: kept.recording.clone(), segment, fresh: None });
                }
                self.told.shelf.send_modify(|shelf| drop(shelf.insert(kept)));
            }
            Err(error) => match index::segment_beside(manifest) {
                Some(segment) => self.past.strays.push(segment),
                None => warn!(%error, "there is a manifest without a segment; it is left alone"),
            },
        }
    }

    /// Takes in a segment that has lost its manifest.
    fn adopt(&mut self, segment: &Path) {
        let Some(lost) = Lost::of(segment).filter(|_| !self.written_to.contains(segment)) else { return };
        let dir = self.folder.path();
        let folder = segment.parent().and_then(|folder| self.name(folder));
        let beside = folder.and_then(|folder| self.told.shelf.borrow().beside(&folder).cloned());
        let Some(fresh) = stray::fresh(dir, segment, &lost, beside.as_ref()) else {
            return info!(file = %segment.display(), "{lost}, and its folder is none of ours: it is left alone");
        };
        warn!(file = %segment.display(), "{lost}: what can be known of it is found out");
        let kept = index::measured(dir, segment, &fresh);
        self.told.shelf.send_modify(|shelf| drop(shelf.insert(kept)));
        if lost.is_certain() {
            let (recording, segment) = (fresh.recording.clone(), segment.to_owned());
            self.past.left.push_back(Left { recording, segment, fresh: Some(Box::new(fresh)) });
        }
    }

    /// Hands the sealer what an earlier process left, a little at a time, once all of it is known.
    pub(super) fn have_mended(&mut self) {
        let Some(jobs) = self.jobs.upgrade().filter(|_| !self.past.is_searched()) else { return };
        for _ in 0..self.past.left.len() {
            if self.past.mended.len() >= MOST_MENDED {
                return;
            }
            let Some(left) = self.past.left.pop_front() else { return };
            if self.written_to.contains(&left.segment) {
                continue;
            }
            let segment = left.segment.clone();
            let job = match &left.fresh {
                Some(fresh) => Job::Adopt(segment.clone(), fresh.clone()),
                None => Job::Mend(left.recording.clone(), segment.clone()),
            };
            if self.opening.contains(&left.recording) {
                self.past.left.push_back(left);
                continue;
            }
            if jobs.try_send(job).is_err() {
                return self.past.left.push_front(left);
            }
            info!(file = %segment.display(), "what an earlier process left is sealed, or mended");
            self.past.mended.insert(segment);
        }
    }
}
