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
mod running;
mod shelf;
mod stand_in;
mod supervise;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use self::{
    audience::Audience,
    audition::Audition,
    board::Board,
    conductor::Conductor,
    demand::Taken,
    shelf::{Encode, Shelf, Stock},
};
pub use self::{
    board::StudioState,
    darkroom::{SNAPSHOT_LIMIT, SnapshotError},
    lease::{Lease, Rung},
    print::Snapshot,
};
use crate::{
    codec::Codec,
    encoder::{self, Lineup, LineupError, Trials},
    ids::SourceName,
    media::clockwork::Clockwork,
    source::Spec,
};

/// How long a source or an encoder runs on without a taker. A page that reloads, or a peer that is
/// replaced, is back within it, and need not wait for a camera to open again.
const LINGER: Duration = Duration::from_secs(5);

/// The sources of the configuration and their encodes. Clones are the same studio.
#[derive(Debug, Clone)]
pub struct Studio {
    shelves: Arc<[Shelf]>,
    audience: Audience,
    state: watch::Receiver<StudioState>,
    /// Every task of the studio holds a receiver, and ends when this says so or is gone.
    running: Arc<watch::Sender<bool>>,
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
        let lineup = Lineup::choose(&settings)?;
        let trials = Trials::new(settings.cache.clone(), clockwork.clone());
        let running = watch::Sender::new(true);
        let mut stock = Stock {
            settings,
            lineup,
            trials,
            clockwork,
            board: Board::default(),
            parts: Vec::new(),
            audition: Audition::default(),
        };
        let shelves: Vec<_> = specs.iter().map(|spec| stock.shelf(spec, &running)).collect();
        let Stock { settings, board, parts, audition, .. } = stock;
        audition.spawn(&running);
        let audience = Audience::default();
        Conductor { parts, uplink: settings.uplink }.spawn(audience.claims(), &running);
        let state = board.publish(&running);
        Ok(Self { shelves: shelves.into(), audience, state, running: Arc::new(running) })
    }

    /// The codecs that `source` can be had in, in order of preference.
    #[must_use]
    pub fn codecs(&self, source: &SourceName) -> Vec<Codec> {
        self.shelf(source).map(Shelf::codecs).unwrap_or_default()
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
        list(self.shelves.iter().map(|shelf| shelf.name.as_str().to_owned()))
    }

    fn shelf(&self, source: &SourceName) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.name == *source)
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
