//! An encode in somebody's hands.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    audience::Seat,
    demand::{Demand, Taken},
};
use crate::{media::feed::Feed, units::Bitrate};

/// One quality of an encode: its feeds are there whether or not an encoder runs.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) feed: Feed,
    pub(super) packets: Feed,
    pub(super) demand: Demand,
}

/// An encoded feed, for as long as this is held.
#[derive(Debug)]
pub struct Lease {
    /// The feed. Its pictures come when they come: the source may be starting, or failing at the moment.
    pub feed: Feed,
    /// The same, cut into packets: see [`packetizer`](crate::media::packetizer).
    pub packets: Feed,
    full: watch::Receiver<Bitrate>,
    steps: Arc<[Step]>,
    seat: Seat,
    source: Demand,
    /// `None` while it is paused: nothing is captured or encoded for it then.
    taken: Option<Hold>,
}

/// What keeps a rung at work.
#[derive(Debug)]
struct Hold {
    index: usize,
    _encoder: Taken,
    _source: Taken,
}

/// Another quality of what is leased. Its encoder and the source run from now on; the lease goes over to it with
/// [`Lease::settle`].
#[derive(Debug)]
pub struct Rung {
    /// Its feed.
    pub feed: Feed,
    /// The same, cut into packets.
    pub packets: Feed,
    hold: Hold,
}

impl Step {
    /// Has it encoded, of what `source` captures.
    fn hold(&self, index: usize, source: &Demand) -> Hold {
        Hold { index, _encoder: self.demand.take(), _source: source.take() }
    }
}

impl Lease {
    pub(super) fn new(
        steps: &Arc<[Step]>,
        full: watch::Receiver<Bitrate>,
        seat: Seat,
        source: &Demand,
    ) -> Option<Self> {
        let best = steps.first()?;
        Some(Self {
            feed: best.feed.clone(),
            packets: best.packets.clone(),
            full,
            steps: Arc::clone(steps),
            seat,
            source: source.clone(),
            taken: Some(best.hold(0, source)),
        })
    }

    /// The rung that it has, 0 for the best; `None` while it is paused.
    #[must_use]
    pub fn rung(&self) -> Option<usize> {
        self.taken.as_ref().map(|hold| hold.index)
    }

    /// What the best rung is encoded at where links bear it. That of a camera that is passed through changes with what it
    /// sees.
    #[must_use]
    pub fn full(&self) -> watch::Receiver<Bitrate> {
        self.full.clone()
    }

    /// Whether there is more than one rung.
    #[must_use]
    pub fn has_rungs(&self) -> bool {
        self.steps.len() > 1
    }

    /// Says what the taker's link bears of this encode; `None` for nothing known. Says nothing while it is paused.
    pub fn bears(&self, bitrate: Option<Bitrate>) {
        // 0 is what there is for who is to get nothing. A link that let nothing through lately may have had a bad moment.
        let least = Bitrate::from_bits(1);
        if self.taken.is_some() {
            self.seat.bears(bitrate.map(|bears| bears.max(least)));
        }
    }

    /// Waits until another rung is to be taken than was when this was called last.
    pub async fn moved(&mut self) {
        self.seat.moved().await;
    }

    /// The rung that is to be taken, if there is one and that is another one.
    #[must_use]
    pub fn next(&self) -> Option<Rung> {
        let index = self.seat.rung();
        let step = self.steps.get(index).filter(|_| self.rung() != Some(index))?;
        let hold = step.hold(index, &self.source);
        Some(Rung { feed: step.feed.clone(), packets: step.packets.clone(), hold })
    }

    /// Goes over to another rung; lets go of the one that it had.
    pub fn settle(&mut self, rung: Rung) {
        let Rung { feed, packets, hold } = rung;
        (self.feed, self.packets, self.taken) = (feed, packets, Some(hold));
    }

    /// Whether the link bears none of the rungs, so that nothing is to be taken for now.
    #[must_use]
    pub fn is_to_pause(&self) -> bool {
        self.seat.rung() >= self.steps.len()
    }

    /// Lets go of the rung that it had and of the source, until there is a [`next`](Self::next) one. Nothing is known of the
    /// link meanwhile: there is nothing to judge it by.
    pub fn pause(&mut self) {
        self.taken = None;
        self.seat.bears(None);
    }
}

impl Rung {
    /// Which one, 0 for the best.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.hold.index
    }
}
