//! Records what peers send, and what we send, to disk: taps on their feeds, a thread that writes for each recording, and
//! one that keeps the folder.
//!
//! ```text
//!   feed ──tap──▶ intake ──queue──▶ writer: Cutter ──▶ file, manifest
//!                          bounded                        │
//!   desk ◀── what runs ── subject                      keeper: room, index, what is too old
//! ```
//!
//! What goes into which file is decided by [`crate::recording`], which is pure. Whoever sends never waits for the disk.

mod archive;
mod desk;
mod disk;
mod index;
mod intake;
mod keeper;
mod machine;
mod mending;
mod progress;
mod queue;
mod rate;
mod reel;
mod sealer;
mod segment_file;
mod stray;
mod subject;
mod sync;
mod writer;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

pub use self::{
    archive::{Archive, Mended, Verdict},
    desk::RecorderState,
    disk::{DiskError, inspect},
    index::UnreadableManifest,
    machine::clock,
};
use self::{desk::Desk, keeper::Keeper, progress::Listing, subject::Inbox};
use crate::{
    codec::Codec,
    ids::{MemberKey, Members, PeerId, RecordingId, SourceName},
    media::{clockwork::Clockwork, feed::Feed},
    recording::{Policy, Settings, Shelf, Wanted},
    studio::Studio,
};

/// Tracks that may wait for the task that records them.
const TRACKS: usize = subject::MOST_TRACKS as usize;

/// Orders that may wait for it.
const ORDERS: usize = 16;

/// How long digests are waited for at the end.
const SEALING: Duration = Duration::from_millis(150);

/// What may wait for the desk. Who can be recorded waits for it, and it waits for nobody.
const DESK: usize = 256;

/// Who is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// In whose room.
    pub key: MemberKey,
    /// Our id in the room.
    pub member: PeerId,
    /// Who sends; `None` for ourselves.
    pub peer: Option<PeerId>,
}

/// The recorder. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Recorder {
    surroundings: Arc<Surroundings>,
    state: watch::Receiver<RecorderState>,
}

/// What every recording works with.
#[derive(Debug)]
struct Surroundings {
    settings: Settings,
    clockwork: Clockwork,
    keeper: Keeper,
    desk: mpsc::Sender<desk::Word>,
}

/// One who can be recorded, for as long as this is held. What is recorded of it ends with it.
#[derive(Debug)]
pub struct Subject {
    tracks: mpsc::Sender<(Codec, Feed)>,
}

/// Who is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// In the rooms of these.
    pub members: Members,
    /// This one; `None` for all that there are.
    pub peer: Option<PeerId>,
    /// Remote peers, ourselves, or both.
    pub wanted: Wanted,
    /// How much of the time before, as far as it is held.
    pub before: Duration,
}

/// A recording that runs as it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Its id.
    pub id: RecordingId,
    /// Whether it was begun for that; else it ran already, or was to run anyway.
    pub is_fresh: bool,
}

/// Why a request about recordings was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// There are some, and none of them could begin.
    #[error("no recording could begin: those who are to be recorded are busy, or the system gives no thread")]
    Busy,
    /// Nobody is there whom it fits.
    #[error("nobody is there to be recorded who fits: no such member or peer, or it sends nothing")]
    Nobody,
    /// No such recording runs, or is kept.
    #[error("no recording {0}")]
    NoSuchRecording(RecordingId),
    /// The disk does not let us.
    #[error("{0}")]
    Disk(String),
}

impl Recorder {
    /// Starts it: looks for what an earlier process left unfinished, and mends it. Nothing is written before something is
    /// recorded, but for the folder where that is sure to happen (`is_wanted`). Needs a tokio runtime.
    #[must_use]
    pub fn start(settings: Settings, clockwork: Clockwork, is_wanted: bool) -> Self {
        machine::tell_of_silent_clock();
        let keeper = Keeper::start(&settings, is_wanted);
        let (desk, words) = mpsc::channel(DESK);
        let surroundings = Arc::new(Surroundings { settings, clockwork, keeper, desk });
        let state = Desk::spawn(words, surroundings.keeper.state());
        Self { surroundings, state }
    }

    /// A remote peer's connection. With `is_recorded` it is recorded from its first track on; else when somebody orders it.
    #[must_use]
    pub fn remote(&self, key: MemberKey, member: PeerId, peer: PeerId, is_recorded: bool) -> Subject {
        self.subject(Who { key, member, peer: Some(peer) }, is_recorded, None)
    }

    /// A member's own sources, each in the first of the codecs that it can be had in.
    #[must_use]
    pub fn local(
        &self,
        key: MemberKey,
        member: PeerId,
        studio: Studio,
        sources: Vec<SourceName>,
        is_recorded: bool,
    ) -> Subject {
        self.subject(Who { key, member, peer: None }, is_recorded, Some(subject::Own { studio, sources }))
    }

    /// Keeps all segments of a recording, those that are still to come too, whatever is too old or too much; or no longer.
    ///
    /// # Errors
    /// When none of it is kept and it does not run, or the disk does not let us.
    pub async fn pin(&self, id: RecordingId, pinned: bool) -> Result<(), OrderError> {
        let runs = self.runs(&id).await;
        match self.surroundings.keeper.pin(id.clone(), pinned, runs).await {
            Ok(0) => Err(OrderError::NoSuchRecording(id)),
            Ok(_) => Ok(()),
            Err(why) => Err(OrderError::Disk(why)),
        }
    }

    /// Has so much kept from now on; what is too much by that goes soon.
    pub fn keep(&self, policy: Policy) {
        self.surroundings.keeper.keep(policy);
    }

    /// Whether this recording runs.
    pub async fn runs(&self, id: &RecordingId) -> bool {
        let (reply, answer) = oneshot::channel();
        self.tell(desk::Word::Runs(id.clone(), reply)).await;
        answer.await.unwrap_or(false)
    }

    /// What is recorded, and how the disk does: about each second.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<RecorderState> {
        self.state.clone()
    }

    /// Records; what runs by that.
    ///
    /// # Errors
    /// When there is nobody to be recorded, or none of them can be now.
    pub async fn order(&self, order: Order) -> Result<Vec<Ordered>, OrderError> {
        let (reply, answer) = oneshot::channel();
        self.tell(desk::Word::Start(order, reply)).await;
        answer.await.unwrap_or(Err(OrderError::Nobody))
    }

    /// Ends a recording. Its file is whole soon after.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn end(&self, id: RecordingId) -> Result<(), OrderError> {
        let (reply, answer) = oneshot::channel();
        self.tell(desk::Word::Stop(id.clone(), reply)).await;
        if answer.await.unwrap_or(false) { Ok(()) } else { Err(OrderError::NoSuchRecording(id)) }
    }

    /// The segments that are kept. Who looks at them should not do so for long: what is new waits meanwhile.
    #[must_use]
    pub fn kept(&self) -> watch::Receiver<Shelf> {
        self.surroundings.keeper.shelf()
    }

    /// The folder of the segments.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.surroundings.settings.dir
    }

    /// Waits until all that was recorded is written, once every [`Subject`] is gone.
    pub async fn settled(&self) {
        let (reply, answer) = oneshot::channel();
        self.tell(desk::Word::Settle(reply)).await;
        let _ = answer.await;
        // Digests of long files take longer; the next start makes those that are missing.
        let _ = timeout(SEALING, self.surroundings.keeper.settled()).await;
    }

    fn subject(&self, who: Who, is_recorded: bool, own: Option<subject::Own>) -> Subject {
        let (tracks, arrivals) = mpsc::channel(TRACKS);
        let (orders, ordered) = mpsc::channel(ORDERS);
        let surroundings = Arc::clone(&self.surroundings);
        tokio::spawn(async move {
            let present = desk::Word::Present { who: who.clone(), orders };
            // An error: the recorder is gone, and nothing more is ordered.
            let _ = surroundings.desk.send(present).await;
            subject::run(who, is_recorded, own, surroundings, Inbox { tracks: arrivals, orders: ordered }).await;
        });
        Subject { tracks }
    }

    async fn tell(&self, word: desk::Word) {
        // An error: the desk is gone, and so is the reply's sender.
        let _ = self.surroundings.desk.send(word).await;
    }
}

impl Subject {
    /// It has this track, too.
    pub fn add(&self, codec: Codec, feed: Feed) {
        if self.tracks.try_send((codec, feed)).is_err() {
            tracing::warn!("a track is not recorded: there are too many");
        }
    }
}

impl Surroundings {
    fn list(&self, listing: Listing) {
        if self.desk.try_send(desk::Word::Began(listing)).is_err() {
            tracing::warn!("a recording is not shown: too many begin at once");
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Some(peer) => write!(f, "{peer} in the room of {}", self.member),
            None => write!(f, "{}", self.member),
        }
    }
}
