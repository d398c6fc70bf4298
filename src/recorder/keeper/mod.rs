//! Keeps the folder of recordings: makes room before each segment and every 10 s, knows what is there, and removes what is
//! too old or too much. One thread, which may wait for the disk; behind it another one that reads whole files, to seal
//! them with their digest.
//!
//! A manifest is the writer's as long as its segment is written, and this thread's from then on: nobody else writes or
//! removes it. Both threads end when the last [`Keeper`] is gone and what was written is sealed.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

use tokio::sync::{oneshot, watch};
use tracing::warn;

use super::{sealer, segment_file::Closed};
use crate::{
    ids::RecordingId,
    recording::{Policy, Settings, Shelf, manifest::Manifest},
    report::DiskState,
};

mod past;
mod pinning;
mod room;
mod work;

use pinning::Pin;
use work::Work;

/// How long room may be waited for: longer, and the disk hangs.
const ROOM_LIMIT: Duration = Duration::from_secs(5);

/// A disk may need longer for thousands of manifests, or hang.
const PIN_IS_SLOW: &str =
    "not all of it is written down within 5 s; that goes on, and is sure once the same is asked for again";

/// What may wait for the keeper: a word of each recording that begins or ends a segment.
const QUEUE: usize = 1024;

/// The keeper. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    asks: SyncSender<Ask>,
    /// The keeper's own thread holds it weakly, so that the sealer ends with those who have something to be sealed.
    jobs: Arc<SyncSender<Job>>,
    state: watch::Receiver<Option<DiskState>>,
    shelf: watch::Receiver<Shelf>,
    pins: Pins,
}

/// The recordings that run and are pinned: what writes their manifests looks here.
pub(super) type Pins = watch::Receiver<HashSet<RecordingId>>;

/// What the keeper is asked.
pub(super) enum Ask {
    /// Make room for a segment of this recording.
    Room(RecordingId, SyncSender<Result<(), String>>),
    /// This recording writes to this file.
    Opened(RecordingId, PathBuf),
    /// Nobody writes to this file any more.
    Closed(PathBuf),
    /// This is the last word about a segment: write it down, unless the segment was removed meanwhile.
    Seal(PathBuf, Box<Manifest>, SyncSender<io::Result<()>>),
    /// There is a manifest of this file, but there never was the file.
    Gone(PathBuf),
    /// There are no more segments of this recording.
    Ended(RecordingId),
    /// Pin the segments of a recording, or unpin them; how many there are.
    Pin(Pin),
    /// From now on, so much is kept.
    Keep(Policy),
}

/// What is done with a segment that nobody writes to any more.
#[derive(Debug)]
pub(super) enum Job {
    /// It is whole.
    Seal(RecordingId, Box<Closed>),
    /// It was given up.
    Mend(RecordingId, PathBuf),
    /// It has lost its manifest, and this is a fresh one.
    Adopt(PathBuf, Box<Manifest>),
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
        let jobs = Arc::new(jobs);
        let (state, watched) = watch::channel(None);
        let (shelf, listed) = watch::channel(Shelf::default());
        let (pinned, pins) = watch::channel(HashSet::new());
        let work = Work::new(settings, is_wanted, Arc::downgrade(&jobs), work::Told { state, shelf, pins: pinned });
        spawn("keeper", move || work.run(&asked));
        let keeper = asks.clone();
        spawn("sealer", move || sealer::run(&to_do, &keeper));
        Self { asks, jobs, state: watched, shelf: listed, pins }
    }

    /// Waits until there is room for a segment of this recording.
    ///
    /// # Errors
    /// When there is none, in words.
    pub(super) fn make_room(&self, recording: &RecordingId) -> Result<(), String> {
        let (reply, answer) = sync_channel(1);
        self.asks.try_send(Ask::Room(recording.clone(), reply)).map_err(|_| hangs())?;
        answer.recv_timeout(ROOM_LIMIT).map_err(|_| hangs())?
    }

    /// Pins what is kept of a recording and, where it `runs`, what comes, or unpins it; how many segments that are.
    ///
    /// # Errors
    /// When the disk does not let us, or not in time, in words.
    pub(super) async fn pin(&self, recording: RecordingId, pinned: bool, runs: bool) -> Result<usize, String> {
        let (reply, answer) = oneshot::channel();
        self.asks.try_send(Ask::Pin(Pin { recording, pinned, runs, reply })).map_err(|_| hangs())?;
        let answer = tokio::time::timeout(ROOM_LIMIT, answer).await;
        answer.map_err(|_| PIN_IS_SLOW.to_owned())?.map_err(|_| hangs())?
    }

    /// Has so much kept from now on.
    pub(super) fn keep(&self, policy: Policy) {
        if self.asks.try_send(Ask::Keep(policy)).is_err() {
            warn!("what is kept of recordings does not change: {}", hangs());
        }
    }

    /// The recordings that run and are pinned.
    pub(super) fn pins(&self) -> Pins {
        self.pins.clone()
    }

    /// A segment of this recording is there.
    pub(super) fn opened(&self, recording: &RecordingId, segment: &Path) {
        let _ = self.asks.try_send(Ask::Opened(recording.clone(), segment.to_owned()));
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

    /// What is kept.
    pub(super) fn shelf(&self) -> watch::Receiver<Shelf> {
        self.shelf.clone()
    }

    /// Waits until all that was written so far is sealed.
    pub(super) async fn settled(&self) {
        let (reply, done) = oneshot::channel();
        self.seal(Job::Settle(reply));
        let _ = done.await;
    }
}

fn hangs() -> String {
    "the folder of recordings does not answer: is its disk still plugged in?".to_owned()
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        tracing::error!(%error, name, "the system gives no thread; nothing can be recorded");
    }
}

#[cfg(test)]
mod tests;
