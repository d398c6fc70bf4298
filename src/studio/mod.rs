//! The sources and encoders that run, each once, shared by all who take from them.
//!
//! A source starts with its first taker and stops a little after its last; so does each encoder. Video is encoded in a
//! few qualities, the rungs, and the conductor says which of them each taker gets. What fails is tried again for as long
//! as somebody wants it, and nobody is told but by the state.

mod audience;
mod audition;
mod backoff;
mod bench;
mod board;
mod capture;
mod conductor;
mod darkroom;
mod decode;
mod demand;
mod encode;
mod escalation;
mod lease;
mod packetize;
mod placeholder;
mod print;
mod repertoire;
mod running;
mod shelf;
mod stand_in;
mod supervise;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    sync::{Mutex, Notify, mpsc, watch},
    time::timeout,
};

use self::{
    audience::Audience,
    audition::Audition,
    board::Board,
    conductor::{Conductor, Score},
    demand::Taken,
    shelf::{Encode, Shelf, Stock},
};
pub use self::{
    board::StudioState,
    darkroom::{SNAPSHOT_LIMIT, SnapshotError},
    lease::{Lease, Rung},
    print::Snapshot,
    repertoire::Repertoire,
};
use crate::{
    codec::Codec,
    encoder::{self, LineupError, Trials},
    ids::SourceName,
    media::clockwork::Clockwork,
    source::{SoundServer, Spec},
};

/// How long a source or an encoder runs on without a taker. A page that reloads, or a peer that is
/// replaced, is back within it, and need not wait for a camera to open again.
const LINGER: Duration = Duration::from_secs(5);

/// How long a source that is no more may take to come down before others take its place; its device may be theirs.
const COMING_DOWN: Duration = Duration::from_secs(2);

/// Scores that may wait for the conductor. There is one at a time.
const SCORES: usize = 2;

/// The sources of the configuration and their encodes. Clones are the same studio.
#[derive(Debug, Clone)]
pub struct Studio {
    house: Arc<House>,
    audience: Audience,
    state: watch::Receiver<StudioState>,
    /// Every task of the studio itself holds a receiver, and ends when this says so or is gone.
    running: Arc<watch::Sender<bool>>,
}

/// What a studio has, and what more of it is made with.
#[derive(Debug)]
struct House {
    stage: watch::Sender<Stage>,
    scores: mpsc::Sender<Score>,
    trials: Trials,
    clockwork: Clockwork,
    sound_server: SoundServer,
    /// Woken at each change of a condition.
    changes: Arc<Notify>,
    /// Held while the sources change.
    turn: Mutex<()>,
}

/// What there is to be had, at one moment.
#[derive(Debug, Clone, Default)]
struct Stage {
    settings: encoder::Settings,
    shelves: Vec<Arc<Shelf>>,
    /// The trials of its encoders end with it.
    audition: Arc<watch::Sender<bool>>,
}

/// A source that is captured as long as this is held.
#[derive(Debug)]
pub struct Warm(#[expect(dead_code, reason = "it counts until it is dropped")] Taken);

/// Why nothing can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// There is no such source.
    #[error("no source is named {name}; there are: {there}")]
    UnknownSource {
        /// The name.
        name: SourceName,
        /// Those that there are.
        there: String,
    },
    /// It can't be encoded so.
    #[error("source {name} can't be encoded as {codec} here; it can as: {can}")]
    NotEncodable {
        /// The source.
        name: SourceName,
        /// The codec.
        codec: Codec,
        /// Those that it can be encoded as.
        can: String,
    },
}

impl Studio {
    /// A studio of these sources. Nothing runs before it is taken, but for trials of encoders of which nothing is known.
    /// Needs a tokio runtime.
    ///
    /// # Errors
    /// When the settings ask for an encoder that is not here.
    pub fn start(specs: Vec<Spec>, settings: encoder::Settings, clockwork: Clockwork) -> Result<Self, LineupError> {
        let repertoire = Repertoire::new(specs, settings)?;
        let running = watch::Sender::new(true);
        let (scores, played) = mpsc::channel(SCORES);
        let audience = Audience::default();
        Conductor::spawn(played, audience.claims(), &running);
        let trials = Trials::new(repertoire.settings.cache.clone(), clockwork.clone());
        let (stage, changes) = (watch::Sender::default(), Arc::default());
        let (sound_server, turn) = (SoundServer::default(), Mutex::default());
        let house = House { stage, scores, trials, clockwork, sound_server, changes, turn };
        let (stage, score) = house.rehearse(repertoire, &audience);
        // The first: there is room for it.
        let _ = house.scores.try_send(score);
        house.stage.send_replace(stage);
        let board = Board { stage: house.stage.subscribe(), changes: Arc::clone(&house.changes) };
        let state = board.publish(&running);
        Ok(Self { house: Arc::new(house), audience, state, running: Arc::new(running) })
    }

    /// Has what is in `repertoire` be there, and nothing else. A source that is as it was goes on, with all who take it. One
    /// that captures something else in the same form begins anew, and who takes it stays. One that is not wanted any more, or
    /// not in its form, is gone before another comes, and who takes it gets no more of it.
    pub async fn renew(&self, repertoire: Repertoire) {
        let house = &*self.house;
        let _turn = house.turn.lock().await;
        let present = house.stage.borrow().clone();
        if repertoire.is(&present) {
            return;
        }
        let leaving: Vec<_> =
            present.shelves.iter().filter(|shelf| !repertoire.keeps(shelf, &present.settings)).cloned().collect();
        house.stage.send_modify(|stage| stage.shelves.retain(|shelf| repertoire.keeps(shelf, &present.settings)));
        if timeout(COMING_DOWN, stop(&leaving)).await.is_err() {
            tracing::warn!("not all sources that are no more could be stopped in time; they are left behind");
        }
        let (stage, mut score) = house.rehearse(repertoire, &self.audience);
        score.gone = leaving.iter().flat_map(|shelf| &shelf.encodes).map(|encode| encode.ladder).collect();
        // Before anybody can take what is new. An error: the studio ends.
        let _ = house.scores.send(score).await;
        house.stage.send_replace(stage);
        house.changes.notify_one();
    }

    /// The codecs that `source` can be had in, in order of preference.
    #[must_use]
    pub fn codecs(&self, source: &SourceName) -> Vec<Codec> {
        self.shelf(source).map(|shelf| shelf.codecs()).unwrap_or_default()
    }

    /// Takes `source` in `codec`, in full until the lease says that the link bears less. Returns at once, also while the source fails.
    ///
    /// # Errors
    /// When there is no such source, or no encoder for it.
    #[expect(clippy::unused_async, reason = "what is taken may one day have to be asked for")]
    pub async fn take(&self, source: &SourceName, codec: Codec) -> Result<Lease, TakeError> {
        self.lease(source, codec, |encode| encode.lease(&self.audience))
    }

    /// Takes `source` in `codec` for what stays in this machine, such as a recording: in full for as long as it is held. It
    /// is no part of what leaves the box.
    ///
    /// # Errors
    /// When there is no such source, or no encoder for it.
    #[expect(clippy::unused_async, reason = "what is taken may one day have to be asked for")]
    pub async fn take_here(&self, source: &SourceName, codec: Codec) -> Result<Lease, TakeError> {
        self.lease(source, codec, |encode| encode.lease_here(&self.audience))
    }

    /// Has `source` captured for as long as what is returned is held: somebody is about to take it. A camera takes its
    /// time to open, and so does a connection.
    #[must_use]
    pub fn warm(&self, source: &SourceName) -> Option<Warm> {
        self.shelf(source).map(|shelf| Warm(shelf.demand.take()))
    }

    /// What `source` shows right now, its slate included, as a JPEG file; in full, or made coarser and smaller until it has no
    /// more bytes than `most`. It is captured for that, if nobody else takes it.
    ///
    /// # Errors
    /// When there is no such source of pictures, or it gives none within [`SNAPSHOT_LIMIT`].
    pub async fn snapshot(&self, source: &SourceName, most: Option<usize>) -> Result<Snapshot, SnapshotError> {
        let shelf = self.shelf(source);
        let shelf = shelf.ok_or_else(|| SnapshotError::UnknownSource { name: source.clone(), there: self.names() })?;
        let darkroom = shelf.darkroom.as_ref().ok_or_else(|| SnapshotError::Sound(source.clone()))?;
        darkroom.snapshot(most).await
    }

    /// What runs and how it does: about each second, and at each change of condition.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<StudioState> {
        self.state.clone()
    }

    /// Stops everything and waits until it is down.
    pub async fn stop(self) {
        self.running.send_replace(false);
        let Stage { shelves, audition, .. } = self.house.stage.borrow().clone();
        audition.send_replace(false);
        stop(&shelves).await;
        audition.closed().await;
        self.running.closed().await;
    }

    fn lease(
        &self,
        source: &SourceName,
        codec: Codec,
        lease: impl FnOnce(&Encode) -> Option<Lease>,
    ) -> Result<Lease, TakeError> {
        let shelf =
            self.shelf(source).ok_or_else(|| TakeError::UnknownSource { name: source.clone(), there: self.names() })?;
        let encode = shelf.encodes.iter().find(|encode| encode.codec == codec);
        encode.and_then(lease).ok_or_else(|| TakeError::NotEncodable {
            name: source.clone(),
            codec,
            can: list(shelf.codecs().iter().map(Codec::to_string)),
        })
    }

    fn names(&self) -> String {
        list(self.house.stage.borrow().shelves.iter().map(|shelf| shelf.shown.name.as_str().to_owned()))
    }

    fn shelf(&self, source: &SourceName) -> Option<Arc<Shelf>> {
        self.house.stage.borrow().shelves.iter().find(|shelf| shelf.shown.name == *source).cloned()
    }
}

impl House {
    /// The stage with what is in `repertoire`, of which some may be there already, and the score of what is new.
    fn rehearse(&self, repertoire: Repertoire, audience: &Audience) -> (Stage, Score) {
        let present = self.stage.borrow().clone();
        let Repertoire { specs, settings, lineup } = repertoire;
        let (trials, clockwork, changes) = (&self.trials, &self.clockwork, &self.changes);
        let mut stock = Stock {
            settings: &settings,
            lineup: &lineup,
            trials,
            clockwork,
            sound_server: &self.sound_server,
            audience,
            changes,
            parts: Vec::new(),
            encoders: Vec::new(),
            tryouts: Vec::new(),
        };
        let shelves: Vec<_> = specs
            .iter()
            .map(|spec| match present.shelves.iter().find(|shelf| shelf.shown.name == *spec.name()) {
                Some(shelf) => {
                    shelf.follow(spec);
                    Arc::clone(shelf)
                }
                None => Arc::new(stock.shelf(spec)),
            })
            .collect();
        let score = Score { parts: stock.parts, gone: Vec::new(), uplink: settings.uplink };
        let audition = watch::Sender::new(true);
        Audition::of(&shelves).spawn(&audition);
        (Stage { settings, shelves, audition: Arc::new(audition) }, score)
    }
}

/// Stops these, and waits until they are down.
async fn stop(shelves: &[Arc<Shelf>]) {
    for shelf in shelves {
        shelf.running.send_replace(false);
    }
    join_all(shelves.iter().map(|shelf| shelf.running.closed())).await;
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
