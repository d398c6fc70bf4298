//! The keeper's thread: it answers at once, and looks through the folder in between.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::{Ask, Job, past::Past, pinning::Pinning};
use crate::{
    ids::RecordingId,
    recorder::{
        disk::{self, DiskError, Folder},
        index,
        rate::Rate,
        segment_file::manifest_path,
        stray,
    },
    recording::{Policy, Settings, Shelf, manifest::Manifest},
    report::DiskState,
};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// What it tells of what it knows.
pub(super) struct Told {
    pub(super) state: watch::Sender<Option<DiskState>>,
    pub(super) shelf: watch::Sender<Shelf>,
    /// Recordings that run and are pinned.
    pub(super) pins: watch::Sender<HashSet<RecordingId>>,
}

pub(super) struct Work {
    pub(super) folder: Folder,
    pub(super) policy: Policy,
    pub(super) told: Told,
    /// The files that somebody of ours writes to.
    pub(super) written_to: HashSet<PathBuf>,
    /// Recordings for which there is room, that may have made a file of which they have not said so yet.
    pub(super) opening: HashSet<RecordingId>,
    /// Whether recordings are sure to be made.
    is_wanted: bool,
    /// What was there before.
    pub(super) past: Past,
    /// What is to be pinned.
    pub(super) pinning: Pinning,
    /// What should be removed, and can't be.
    pub(super) stuck: HashSet<Arc<str>>,
    /// Whether it was said that there are any.
    pub(super) is_stuck_told: bool,
    /// Whether more has to be removed than there was time for.
    pub(super) is_behind: bool,
    pub(super) jobs: Weak<SyncSender<Job>>,
    pub(super) rate: Rate,
}

impl Work {
    pub(super) fn new(settings: &Settings, is_wanted: bool, jobs: Weak<SyncSender<Job>>, told: Told) -> Self {
        Self {
            folder: Folder::new(settings.dir.clone(), settings.mount.clone()),
            policy: settings.keep,
            told,
            written_to: HashSet::new(),
            opening: HashSet::new(),
            is_wanted,
            past: Past::default(),
            pinning: Pinning::default(),
            stuck: HashSet::new(),
            is_stuck_told: false,
            is_behind: false,
            jobs,
            rate: Rate::default(),
        }
    }

    /// Works until nobody can ask anything.
    pub(super) fn run(mut self, asked: &Receiver<Ask>) {
        self.begin();
        let mut due = Instant::now() + LOOK;
        loop {
            let now = Instant::now();
            let is_busy = !self.pinning.is_done() || self.past.is_searched() || self.is_behind;
            let wait = if is_busy { Duration::ZERO } else { due.saturating_duration_since(now) };
            match asked.recv_timeout(wait) {
                Ok(ask) => self.answer(ask),
                Err(RecvTimeoutError::Timeout) if !self.pinning.is_done() && now < due => {
                    self.pinning.go_on(&self.folder, &self.told.shelf);
                }
                Err(RecvTimeoutError::Timeout) if self.past.is_searched() && now < due => self.search_on(),
                Err(RecvTimeoutError::Timeout) => {
                    if now >= due {
                        self.stuck.clear();
                        due = now + LOOK;
                    }
                    self.look();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.have_mended();
        }
    }

    fn begin(&mut self) {
        if self.is_wanted {
            if let Err(error) = self.room() {
                warn!(%error, "nothing can be recorded for now; it is tried again");
            }
        } else if self.folder.path().is_dir()
            && let Err(error) = self.acquire()
        {
            // It is said when somebody wants to record.
            debug!(%error, "recordings of before are not looked at");
        }
    }

    pub(super) fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Room(recording, reply) => {
                let outcome = self.room().map_err(|error| error.to_string());
                if outcome.is_ok() {
                    self.opening.insert(recording);
                }
                // Whoever asked may have given up.
                let _ = reply.try_send(outcome);
            }
            Ask::Opened(recording, segment) => {
                self.opening.remove(&recording);
                self.read(&manifest_path(&segment));
                self.written_to.insert(segment);
            }
            Ask::Closed(segment) => {
                self.past.is_taken(&segment);
                if self.written_to.remove(&segment) {
                    self.read(&manifest_path(&segment));
                }
            }
            Ask::Seal(segment, manifest, reply) => {
                // It waits.
                let _ = reply.try_send(self.seal(&segment, *manifest));
            }
            Ask::Gone(segment) => {
                info!(file = %segment.display(), "nothing was written before it was cut off: its manifest is removed");
                if let Some(Err(error)) = self.name(&segment).map(|file| self.remove(&file)) {
                    warn!(file = %segment.display(), %error, "it should be removed, and can't be");
                }
            }
            Ask::Ended(recording) => {
                self.opening.remove(&recording);
                self.told.pins.send_if_modified(|pins| pins.remove(&recording));
            }
            Ask::Pin(pin) => {
                self.told.pins.send_if_modified(|pins| match pin.pinned && pin.runs {
                    true => pins.insert(pin.recording.clone()),
                    false => pins.remove(&pin.recording),
                });
                self.pinning.begin(pin, &self.told.shelf);
            }
            Ask::Keep(policy) => {
                self.policy = policy;
                self.look();
            }
        }
    }

    /// Has the folder. Where it did not have it, as at the start or after its disk was away, it looks through what is there.
    pub(super) fn acquire(&mut self) -> Result<(), DiskError> {
        if self.folder.open()? {
            self.told.shelf.send_replace(Shelf::default());
            self.past = Past::of(self.folder.path());
            // Whoever asked hears that the disk was away.
            self.pinning = Pinning::default();
            self.stuck.clear();
        }
        Ok(())
    }

    /// Writes the last word about a segment down, unless it was removed meanwhile, or its disk is another one now: what is
    /// on the one that was is mended when that comes back.
    fn seal(&mut self, segment: &Path, mut manifest: Manifest) -> io::Result<()> {
        let beside = manifest_path(segment);
        let known = self.name(segment).and_then(|file| self.told.shelf.borrow().segment(&file).cloned());
        let is_there = beside.exists() || known.is_some() && segment.exists();
        if !is_there {
            return Ok(());
        }
        if let Some(known) = known {
            manifest.pinned = known.pinned;
        }
        stray::write_down(segment, &manifest.to_json())?;
        self.read(&beside);
        Ok(())
    }

    pub(super) fn look(&mut self) {
        if !self.folder.is_ours() && !self.is_wanted {
            return;
        }
        let outcome = self.acquire().and_then(|()| self.tidy());
        let is_known = self.told.state.borrow().as_ref().is_some_and(|disk| disk.problem.is_some());
        if let Err(error) = &outcome
            && !is_known
        {
            warn!(%error, "the disk of the recordings");
        }
        self.tell(outcome.err().map(|error| error.to_string()));
    }

    /// Looks anew at what is being written.
    pub(super) fn read_written(&mut self) {
        for segment in self.written_to.clone() {
            self.read(&manifest_path(&segment));
        }
    }

    /// Looks at a manifest anew.
    fn read(&mut self, manifest: &Path) {
        match index::kept(self.folder.path(), manifest) {
            Ok(mut kept) => {
                let known = self.told.shelf.borrow().segment(&kept.file).map(|known| (known.pinned, known.bytes));
                let is_pinned = self.told.pins.borrow().contains(&kept.recording);
                kept.pinned = known.map_or(kept.pinned || is_pinned, |(pinned, _)| pinned);
                self.rate.grow(kept.bytes.saturating_sub(known.map_or(0, |(_, bytes)| bytes)));
                self.told.shelf.send_modify(|shelf| drop(shelf.insert(kept)));
            }
            Err(error) => {
                if manifest.exists() {
                    warn!(%error, "what is recorded there is not known");
                }
            }
        }
    }

    /// A segment's file as it is called on the shelf.
    pub(super) fn name(&self, segment: &Path) -> Option<String> {
        Some(segment.strip_prefix(self.folder.path()).ok()?.to_string_lossy().into_owned())
    }

    /// The segment goes first: a manifest without one says so, the other way round nobody would know of it.
    pub(super) fn remove(&mut self, file: &str) -> io::Result<()> {
        let segment = self.folder.path().join(file);
        let manifest = manifest_path(&segment);
        for path in [&segment, &manifest] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.told.shelf.send_modify(|shelf| drop(shelf.remove(file)));
        // Mostly there are none.
        let _ = fs::remove_file(stray::put_aside(&manifest));
        let _ = fs::remove_file(disk::unfinished(&manifest));
        // Those of a peer that has nothing any more; an error: there is something.
        let _ = manifest.parent().map(fs::remove_dir);
        let _ = manifest.parent().and_then(Path::parent).map(fs::remove_dir);
        Ok(())
    }
}
