//! Keeps the folder of recordings: makes room before each segment and every 10 s, knows what is there, and removes what is
//! too old or too much. One thread, which may wait for the disk; behind it another one that reads whole files, to seal
//! them with their digest.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};
use tracing::{debug, info, warn};

use super::{
    disk::{self, DiskError, Folder},
    index::{self, UnreadableManifest},
    machine,
    rate::Rate,
    sealer,
    segment_file::{Closed, manifest_path},
};
use crate::{
    ids::RecordingId,
    recording::{
        Kept, Policy, Settings,
        manifest::Clock,
        retention::{self, Disk, Plan, Segment},
    },
    report::DiskState,
};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// How long room may be waited for: longer, and the disk hangs.
const ROOM_LIMIT: Duration = Duration::from_secs(5);

/// What may wait for the keeper: a word of each recording that begins or ends a segment.
const QUEUE: usize = 1024;

/// The keeper. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    asks: SyncSender<Ask>,
    jobs: SyncSender<Job>,
    state: watch::Receiver<Option<DiskState>>,
    kept: watch::Receiver<Arc<Vec<Kept>>>,
}

/// What the keeper is asked.
pub(super) enum Ask {
    /// Make room for a segment.
    Room(SyncSender<Result<(), String>>),
    /// Somebody writes to this file.
    Opened(PathBuf),
    /// Nobody writes to this file any more, and something is new about it.
    Changed(PathBuf),
    /// Pin the segments of a recording, or unpin them; how many there are.
    Pin(RecordingId, bool, oneshot::Sender<Result<usize, String>>),
}

/// What is done with a segment that nobody writes to any more.
#[derive(Debug)]
pub(super) enum Job {
    /// It is whole.
    Seal(RecordingId, Box<Closed>),
    /// It was given up.
    Mend(RecordingId, PathBuf),
    /// There are no more segments of this recording.
    End(RecordingId),
    /// Say when all before this is done.
    Settle(oneshot::Sender<()>),
}

impl Keeper {
    /// Starts it. A folder that is there already is looked through, and what an earlier process left unfinished is mended.
    /// Where recordings are sure to be `is_wanted`, it is made at once, and said if that fails.
    pub(super) fn start(settings: &Settings, is_wanted: bool) -> Self {
        let (asks, asked) = sync_channel(QUEUE);
        let (jobs, to_do) = sync_channel(QUEUE);
        let (state, watched) = watch::channel(None);
        let (kept, listed) = watch::channel(Arc::default());
        let work = Work {
            folder: Folder::new(settings.dir.clone(), settings.mount.clone()),
            policy: settings.keep,
            index: BTreeMap::new(),
            written_to: HashSet::new(),
            is_wanted,
            jobs: jobs.clone(),
            state,
            kept,
            rate: Rate::default(),
        };
        spawn("keeper", move || work.run(&asked));
        let changed = asks.clone();
        spawn("sealer", move || sealer::run(&to_do, &changed));
        Self { asks, jobs, state: watched, kept: listed }
    }

    /// Waits until there is room for a segment.
    ///
    /// # Errors
    /// When there is none, in words.
    pub(super) fn make_room(&self) -> Result<(), String> {
        let (reply, answer) = sync_channel(1);
        let hangs = || "the folder of recordings does not answer: is its disk still plugged in?".to_owned();
        self.asks.try_send(Ask::Room(reply)).map_err(|_| hangs())?;
        answer.recv_timeout(ROOM_LIMIT).map_err(|_| hangs())?
    }

    /// Pins what is kept of a recording, or unpins it; how many segments that are.
    ///
    /// # Errors
    /// When the disk does not let us, in words.
    pub(super) async fn pin(&self, recording: RecordingId, pinned: bool) -> Result<usize, String> {
        let (reply, answer) = oneshot::channel();
        let busy = || "the folder of recordings does not answer: is its disk still plugged in?".to_owned();
        self.asks.try_send(Ask::Pin(recording, pinned, reply)).map_err(|_| busy())?;
        tokio::time::timeout(ROOM_LIMIT, answer).await.map_err(|_| busy())?.map_err(|_| busy())?
    }

    /// A segment is there.
    pub(super) fn opened(&self, segment: &Path) {
        let _ = self.asks.try_send(Ask::Opened(segment.to_owned()));
    }

    /// Why nothing should be written, if it should not.
    pub(super) fn problem(&self) -> Option<String> {
        self.state.borrow().as_ref().and_then(|disk| disk.problem.clone())
    }

    /// Has it done in its turn.
    pub(super) fn seal(&self, job: Job) {
        if self.jobs.try_send(job).is_err() {
            warn!("a segment is not sealed: the disk is too slow; the next start does it");
        }
    }

    /// How the disk does.
    pub(super) fn state(&self) -> watch::Receiver<Option<DiskState>> {
        self.state.clone()
    }

    /// What is kept, the oldest first.
    pub(super) fn kept(&self) -> watch::Receiver<Arc<Vec<Kept>>> {
        self.kept.clone()
    }

    /// Waits until all that was written so far is sealed.
    pub(super) async fn settled(&self) {
        let (reply, done) = oneshot::channel();
        self.seal(Job::Settle(reply));
        let _ = done.await;
    }
}

struct Work {
    folder: Folder,
    policy: Policy,
    /// By the manifest's path.
    index: BTreeMap<PathBuf, Kept>,
    /// The files that somebody of ours writes to.
    written_to: HashSet<PathBuf>,
    /// Whether recordings are sure to be made.
    is_wanted: bool,
    jobs: SyncSender<Job>,
    state: watch::Sender<Option<DiskState>>,
    kept: watch::Sender<Arc<Vec<Kept>>>,
    rate: Rate,
}

impl Work {
    fn run(mut self, asked: &Receiver<Ask>) {
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
        let mut looked = Instant::now();
        loop {
            let next = (looked + LOOK).saturating_duration_since(Instant::now());
            match asked.recv_timeout(next) {
                Ok(Ask::Room(reply)) => {
                    // Whoever asked may have given up.
                    let _ = reply.try_send(self.room().map_err(|error| error.to_string()));
                }
                Ok(Ask::Opened(segment)) => {
                    self.read(&manifest_path(&segment));
                    self.publish();
                    self.written_to.insert(segment);
                }
                Ok(Ask::Changed(segment)) => {
                    self.written_to.remove(&segment);
                    self.read(&manifest_path(&segment));
                    self.publish();
                }
                Ok(Ask::Pin(recording, pinned, reply)) => {
                    let _ = reply.send(self.pin(&recording, pinned).map_err(|error| error.to_string()));
                    self.publish();
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    looked = Instant::now();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Has the folder. Where it did not have it, as at the start or after its disk was away, it looks at what is there, and
    /// has mended what is unfinished: nobody writes to that.
    fn acquire(&mut self) -> Result<(), DiskError> {
        if !self.folder.open()? {
            return Ok(());
        }
        self.index.clear();
        for manifest in index::manifests(self.folder.path()) {
            self.read(&manifest);
        }
        let unsealed = self.index.values().filter(|kept| kept.is_unsealed());
        let dir = self.folder.path();
        for kept in unsealed.filter(|kept| !self.written_to.contains(&dir.join(&kept.file))) {
            info!(file = kept.file, "what an earlier process left is sealed, or mended");
            let job = Job::Mend(kept.recording.clone(), dir.join(&kept.file));
            if self.jobs.try_send(job).is_err() {
                warn!(file = kept.file, "it is not mended now: there is too much to do; the next start does it");
            }
        }
        self.publish();
        Ok(())
    }

    /// Makes sure that a segment can be begun.
    fn room(&mut self) -> Result<(), DiskError> {
        let outcome = self.acquire().and_then(|()| self.tidy());
        self.tell(outcome.as_ref().err().map(ToString::to_string));
        outcome
    }

    /// Removes what has to go; an error where that does not help.
    fn tidy(&mut self) -> Result<(), DiskError> {
        let disk = self.folder.disk()?;
        let open: Vec<_> =
            self.index.values().filter(|kept| kept.ended.is_none()).map(|kept| kept.file.clone()).collect();
        for file in open {
            self.read(&manifest_path(&self.folder.path().join(file)));
        }
        let segments: Vec<_> = self
            .index
            .iter()
            .map(|(path, kept)| Segment {
                key: path.clone(),
                ended: kept.end(),
                bytes: kept.bytes,
                pinned: kept.pinned,
            })
            .collect();
        let now = machine::now();
        let wall = (now.clock != Clock::Unset).then_some(now.wall);
        let Plan { remove, short } = retention::plan(wall, self.policy, &segments, disk);
        let removed = !remove.is_empty();
        for manifest in remove {
            self.remove(&manifest);
        }
        if removed {
            self.publish();
        }
        match short {
            Some(short) => Err(DiskError::Full { folder: self.folder.path().to_owned(), what: short.to_string() }),
            None => Ok(()),
        }
    }

    /// Manifests that are not sealed belong to others, and are left out.
    fn pin(&mut self, recording: &RecordingId, pinned: bool) -> Result<usize, UnreadableManifest> {
        let theirs = self.index.iter().filter(|(_, kept)| kept.recording == *recording && !kept.is_unsealed());
        let paths: Vec<_> = theirs.map(|(path, _)| path.clone()).collect();
        for path in &paths {
            let (mut manifest, _) = index::manifest(path)?;
            manifest.pinned = pinned;
            disk::replace(path, &manifest.to_json(), true)
                .map_err(|error| UnreadableManifest::File { path: path.clone(), error })?;
            self.read(path);
        }
        Ok(paths.len())
    }

    fn look(&mut self) {
        if !self.folder.is_ours() && !self.is_wanted {
            return;
        }
        let outcome = self.acquire().and_then(|()| self.tidy());
        let is_known = self.state.borrow().as_ref().is_some_and(|disk| disk.problem.is_some());
        if let Err(error) = &outcome
            && !is_known
        {
            warn!(%error, "the disk of the recordings");
        }
        self.tell(outcome.err().map(|error| error.to_string()));
        self.publish();
    }

    /// The segment goes first: a manifest without one says so, the other way round nobody would know of it.
    fn remove(&mut self, manifest: &Path) {
        let Some(kept) = self.index.get(manifest) else { return };
        let segment = self.folder.path().join(&kept.file);
        let gone = |path: &Path| match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        match gone(&segment).and_then(|()| gone(manifest)) {
            Ok(()) => {
                info!(file = kept.file, "removed: it was too old, or room was needed");
                self.index.remove(manifest);
                // Those of a peer that has nothing any more; an error: there is something.
                let _ = manifest.parent().map(fs::remove_dir);
                let _ = manifest.parent().and_then(Path::parent).map(fs::remove_dir);
            }
            Err(error) => warn!(file = kept.file, %error, "it should be removed, and can't be"),
        }
    }

    /// Looks at a manifest anew.
    fn read(&mut self, manifest: &Path) {
        match index::kept(self.folder.path(), manifest) {
            Ok(kept) => drop(self.index.insert(manifest.to_owned(), kept)),
            Err(error) => {
                self.index.remove(manifest);
                if !manifest.exists() {
                    return;
                }
                warn!(%error, "what is recorded there is not known");
            }
        }
    }

    fn publish(&self) {
        let mut kept: Vec<_> = self.index.values().cloned().collect();
        kept.sort_by(|one, other| (one.begun, &one.file).cmp(&(other.begun, &other.file)));
        self.kept.send_replace(Arc::new(kept));
    }

    fn tell(&mut self, problem: Option<String>) {
        let bytes = self.index.values().map(|kept| kept.bytes).sum();
        let disk = self.folder.disk().ok();
        let rate = self.rate.of(Instant::now(), self.index.values());
        let now = machine::now().wall;
        let ages = self.index.values().filter(|kept| !kept.pinned).filter_map(|kept| now.since(kept.ended?));
        let kept = retention::Kept { bytes, oldest: ages.max() };
        let left = |disk: Disk| retention::forecast(rate, self.policy, kept, disk);
        let hours = disk.filter(|_| rate.bits() > 0).and_then(left).map(|left| left.as_secs_f64() / 3600.0);
        self.state.send_replace(Some(DiskState {
            dir: self.folder.path().display().to_string(),
            free: disk.map(|disk| disk.free),
            kept: bytes,
            hours_left: hours,
            problem,
        }));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        tracing::error!(%error, name, "the system gives no thread; nothing can be recorded");
    }
}
