//! The sources and encoders that run, each once, shared by all who take from them.
//!
//! A source starts with its first taker and stops a little after its last; so does each encoder. What
//! fails is tried again for as long as somebody wants it, and nobody is told but by the state.

mod backoff;
mod board;
mod capture;
mod demand;
mod encode;
mod supervise;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

pub use self::board::StudioState;
use self::{
    board::{Board, EncoderEntry, SourceEntry},
    capture::CaptureJob,
    demand::{Demand, Taken},
    encode::{AtWork, EncodeJob},
    supervise::{Job, Supervision},
};
use crate::{
    codec::Codec,
    encoder::{self, Lineup, LineupError},
    ids::SourceName,
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
    },
    report::Condition,
    source::Spec,
};

/// How long a source or an encoder runs on without a taker. A page that reloads, or a peer that is
/// replaced, is back within it, and need not wait for a camera to open again.
const LINGER: Duration = Duration::from_secs(5);

/// The sources of the configuration and their encodes. Clones are the same studio.
#[derive(Debug, Clone)]
pub struct Studio {
    shelves: Arc<[Shelf]>,
    state: watch::Receiver<StudioState>,
    /// Every task of the studio holds a receiver, and ends when this says so or is gone.
    running: Arc<watch::Sender<bool>>,
}

/// One source, and every encode that can be had of it.
#[derive(Debug)]
struct Shelf {
    name: SourceName,
    encodes: Vec<Encode>,
}

/// One encode: its feed is there whether or not an encoder runs.
#[derive(Debug)]
struct Encode {
    codec: Codec,
    feed: Feed,
    demand: Demand,
    source_demand: Demand,
}

/// An encoded feed, for as long as this is held.
#[derive(Debug)]
pub struct Lease {
    /// The feed. Its pictures come when they come: the source may be starting, or failing at the moment.
    pub feed: Feed,
    _encoder: Taken,
    _source: Taken,
}

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
    /// A studio of these sources. Nothing runs before it is taken. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the settings ask for an encoder that is not here.
    pub fn start(specs: Vec<Spec>, settings: encoder::Settings, clockwork: Clockwork) -> Result<Self, LineupError> {
        let lineup = Lineup::choose(&settings)?;
        let running = watch::Sender::new(true);
        let mut board = Board::default();
        let mut shelves = Vec::new();
        for spec in specs {
            let name = spec.name().clone();
            let raw = Feed::new(format!("{name} (raw)"), Contents::Raw);
            let source_demand = Demand::default();
            let job = CaptureJob { spec: spec.clone(), raw: raw.clone(), clockwork: clockwork.clone() };
            let condition = look_after(format!("source {name}"), job, &raw, &source_demand, &board, &running);
            board.sources.push(SourceEntry::new(&spec, raw.clone(), condition));
            let target = settings.target(&spec);
            let mut encodes = Vec::new();
            for candidates in lineup.candidates(spec.media()) {
                let codec = candidates.codec;
                let (at_work, shown) = watch::channel(AtWork::first(candidates));
                let bitrate = watch::Sender::new(target.bitrate);
                let feed = Feed::new(format!("{name} ({codec})"), Contents::Encoded);
                let demand = Demand::default();
                let job = EncodeJob {
                    candidates: candidates.clone(),
                    picture: target.picture,
                    bitrate: bitrate.subscribe(),
                    raw: raw.clone(),
                    encoded: feed.clone(),
                    clockwork: clockwork.clone(),
                    at_work,
                };
                let condition = look_after(format!("{codec} of {name}"), job, &feed, &demand, &board, &running);
                board.encoders.push(EncoderEntry {
                    source: name.clone(),
                    codec,
                    at_work: shown,
                    bitrate,
                    feed: feed.clone(),
                    demand: demand.clone(),
                    condition,
                });
                encodes.push(Encode { codec, feed, demand, source_demand: source_demand.clone() });
            }
            shelves.push(Shelf { name, encodes });
        }
        let state = board.publish(&running);
        Ok(Self { shelves: shelves.into(), state, running: Arc::new(running) })
    }

    /// The codecs that `source` can be had in, in order of preference.
    #[must_use]
    pub fn codecs(&self, source: &SourceName) -> Vec<Codec> {
        self.shelf(source).map(Shelf::codecs).unwrap_or_default()
    }

    /// Takes `source` in `codec`. Returns at once, also while the source fails.
    ///
    /// # Errors
    /// When there is no such source, or no encoder for it.
    #[expect(clippy::unused_async, reason = "what is taken may one day have to be asked for")]
    pub async fn take(&self, source: &SourceName, codec: Codec) -> Result<Lease, TakeError> {
        let shelf = self.shelf(source).ok_or_else(|| TakeError::UnknownSource {
            name: source.clone(),
            there: list(self.shelves.iter().map(|shelf| shelf.name.as_str().to_owned())),
        })?;
        let encode = shelf.encodes.iter().find(|encode| encode.codec == codec);
        let encode = encode.ok_or_else(|| TakeError::NotEncodable {
            name: source.clone(),
            codec,
            can: list(shelf.codecs().iter().map(Codec::to_string)),
        })?;
        Ok(Lease { feed: encode.feed.clone(), _encoder: encode.demand.take(), _source: encode.source_demand.take() })
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

    fn shelf(&self, source: &SourceName) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.name == *source)
    }
}

impl Shelf {
    fn codecs(&self) -> Vec<Codec> {
        self.encodes.iter().map(|encode| encode.codec).collect()
    }
}

/// Starts the task that runs `job` while it is wanted. Its condition comes back.
fn look_after(
    label: String,
    job: impl Job,
    feed: &Feed,
    demand: &Demand,
    board: &Board,
    running: &watch::Sender<bool>,
) -> watch::Receiver<Condition> {
    let (condition, watched) = watch::channel(Condition::Idle);
    let (feed, demand, changes) = (feed.clone(), demand.clone(), board.changes.clone());
    Supervision { label, feed, demand, condition, changes }.spawn(job, running);
    watched
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
