//! Room for what is to be recorded: what has to go for it, and how long it lasts.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{info, warn};

use super::work::Work;
use crate::{
    recorder::{disk::DiskError, machine},
    recording::{
        manifest::Clock,
        retention::{self, Disk, Plan, Segment, Shortage},
    },
    report::DiskState,
};

/// How long is spent on removing at a time, while others wait for an answer.
const MOST_REMOVING: Duration = Duration::from_secs(1);

/// After so many files in a row that can't be removed no more are tried at once.
const MOST_FAILURES: usize = 16;

impl Work {
    /// Makes sure that a segment can be begun.
    pub(super) fn room(&mut self) -> Result<(), DiskError> {
        let outcome = self.acquire().and_then(|()| self.tidy());
        self.tell(outcome.as_ref().err().map(ToString::to_string));
        outcome
    }

    /// Removes what has to go; an error where that does not help.
    pub(super) fn tidy(&mut self) -> Result<(), DiskError> {
        self.is_behind = false;
        let disk = self.folder.disk()?;
        self.read_written();
        if self.past.is_searched() {
            // What was not seen yet may be older than all that was.
            return self.outcome(retention::unseen(self.policy, disk));
        }
        let now = machine::now();
        let wall = (now.clock != Clock::Unset).then_some(now.wall);
        let Plan { remove, short } = {
            let shelf = self.told.shelf.borrow();
            let segments: Vec<_> = shelf
                .iter()
                .map(|kept| Segment {
                    key: Arc::clone(&kept.file),
                    ended: kept.end(),
                    bytes: kept.disk_bytes,
                    pinned: kept.pinned || self.stuck.contains(&kept.file),
                })
                .collect();
            retention::plan(wall, self.policy, &segments, disk)
        };
        let (begun, mut failures) = (Instant::now(), 0);
        for file in remove {
            if begun.elapsed() > MOST_REMOVING {
                self.is_behind = true;
                return self.outcome(retention::unseen(self.policy, self.folder.disk()?));
            }
            match self.remove(&file) {
                Ok(()) => info!(file = &*file, "removed: it was too old, or room was needed"),
                Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                    return Err(DiskError::Folder { folder: self.folder.path().to_owned(), error });
                }
                Err(error) => {
                    // One stands for all: there may be very many.
                    if !std::mem::replace(&mut self.is_stuck_told, true) {
                        warn!(file = &*file, %error, "it should be removed, and can't be: others go in its place");
                    }
                    self.stuck.insert(file);
                    failures += 1;
                    self.is_behind = true;
                    if failures == MOST_FAILURES {
                        // Something is wrong with more than a file. It is tried again with the next look.
                        self.is_behind = false;
                        break;
                    }
                }
            }
        }
        self.is_stuck_told &= !self.stuck.is_empty();
        self.outcome(short)
    }

    fn outcome(&self, short: Option<Shortage>) -> Result<(), DiskError> {
        let full = |short: Shortage| DiskError::Full { folder: self.folder.path().to_owned(), what: short.to_string() };
        short.map(full).map_or(Ok(()), Err)
    }

    pub(super) fn tell(&mut self, problem: Option<String>) {
        let disk = self.folder.disk().ok();
        let rate = self.rate.at(Instant::now());
        let now = machine::now().wall;
        let (segments, kept) = {
            let shelf = self.told.shelf.borrow();
            let ages = shelf.iter().filter(|kept| !kept.pinned).filter_map(|kept| now.since(kept.ended?));
            (shelf.len(), retention::Kept { bytes: shelf.disk_bytes(), oldest: ages.max() })
        };
        let left = |disk: Disk| retention::forecast(rate, self.policy, kept, disk);
        let hours = disk.filter(|_| rate.bits() > 0).and_then(left).map(|left| left.as_secs_f64() / 3600.0);
        self.told.state.send_replace(Some(DiskState {
            dir: self.folder.path().display().to_string(),
            free: disk.map(|disk| disk.free),
            kept: kept.bytes,
            segments: segments as u64,
            hours_left: hours,
            problem,
        }));
    }
}
