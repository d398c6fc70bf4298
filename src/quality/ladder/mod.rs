//! Who sits on which rung, and at what bitrate each rung is encoded.
//!
//! One viewer with a slow link costs the others nothing: a rung that somebody bears in full is encoded in full, and who
//! does not bear that goes down, at once. Where nobody bears it in full, it is encoded as low as those on it need who bear
//! about the same; the last one as low as those need who bear the half of it, as there is no lower one. Who does not bear
//! it for a while gets no pictures: they would take the place of its sound. Up goes only who has borne the better rung for
//! a calm time, and longer each time that it turned out to be too much: while little is sent, nothing shows that a link
//! would not bear more.

mod seat;

use std::{collections::BTreeMap, time::Instant};

use self::seat::Seat;
use super::Rung;
use crate::{quality::scaled, units::Bitrate};

/// Who bears at least this share of what a rung is encoded at stays there. An estimate falls to 0.85 of what comes
/// through by one burst that waited, as a keyframe's packets do, and is back in a second.
const STAYS: f64 = 0.8;

/// Who bears less than this share of what the best on a rung bears is no measure for the rung.
const ALIKE: f64 = 0.75;

/// The same on the last rung, of what it is encoded at in full: for who is no measure there, there are no pictures at all.
const ALIKE_ON_THE_LAST: f64 = 0.5;

/// Who is to begin with a rung that nobody is on bears this much more than the least it is encoded at.
const HEADROOM: f64 = 1.2;

/// A viewer on a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u64);

/// The rungs of one encode, and who sits on them.
#[derive(Debug, Clone)]
pub struct Ladder {
    rungs: Vec<Rung>,
    seats: BTreeMap<SeatId, Seat>,
}

impl Ladder {
    /// One that nobody is on. The best rung comes first; there is at least one.
    #[must_use]
    pub const fn new(rungs: Vec<Rung>) -> Self {
        Self { rungs, seats: BTreeMap::new() }
    }

    /// Somebody comes, and sits on the best rung until more is known of its link.
    pub fn join(&mut self, id: SeatId) {
        self.seats.insert(id, Seat::default());
    }

    /// Somebody goes.
    pub fn leave(&mut self, id: SeatId) {
        self.seats.remove(&id);
    }

    /// Says what the link of a viewer bears, of this ladder's encode alone; `None` for nothing known, as while it is sent
    /// nothing.
    pub fn bears(&mut self, id: SeatId, bitrate: Option<Bitrate>) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.is_told(bitrate, STAYS);
        }
    }

    /// Says that a viewer may be sent so much, and not a bit more. 0: nothing at all.
    pub fn is_allowed(&mut self, id: SeatId, bitrate: Bitrate) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.is_told(Some(bitrate), 1.0);
        }
    }

    /// Says what a rung is made at that nobody can tell anything.
    pub fn is_made_at(&mut self, rung: usize, bitrate: Bitrate) {
        if let Some(rung) = self.rungs.get_mut(rung) {
            *rung = Rung { bitrate, floor: bitrate };
        }
    }

    /// The rung that a viewer sits on, 0 for the best. The one behind the last means that it gets no pictures.
    #[must_use]
    pub fn rung(&self, id: SeatId) -> Option<usize> {
        self.seats.get(&id).map(|seat| seat.rung)
    }

    /// Whether a viewer gets no pictures for now.
    #[must_use]
    pub fn is_paused(&self, id: SeatId) -> bool {
        self.rung(id).is_some_and(|rung| rung > self.last())
    }

    /// The least that pictures are made at.
    #[must_use]
    pub fn least(&self) -> Bitrate {
        self.rungs.last().map_or(Bitrate::from_bits(0), |rung| rung.floor)
    }

    /// Whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// How many sit on a rung.
    #[must_use]
    pub fn taken(&self, rung: usize) -> usize {
        self.on(rung).count()
    }

    /// The best rung.
    #[must_use]
    pub fn full(&self) -> Bitrate {
        self.rungs.first().map_or(Bitrate::from_bits(0), |rung| rung.bitrate)
    }

    /// What a rung is to be encoded at for those who sit on it.
    #[must_use]
    pub fn bitrate(&self, rung: usize) -> Bitrate {
        let Some(Rung { bitrate, floor }) = self.rungs.get(rung).copied() else { return Bitrate::from_bits(0) };
        let known: Vec<Bitrate> = self.on(rung).filter_map(Seat::bears).collect();
        let Some(&best) = known.iter().max() else { return bitrate };
        let alike = if rung > 0 && rung == self.last() {
            scaled(bitrate, ALIKE_ON_THE_LAST).min(scaled(best, ALIKE))
        } else if best >= bitrate {
            return bitrate;
        } else {
            scaled(best, ALIKE)
        };
        known.into_iter().filter(|&bears| bears >= alike).min().unwrap_or(best).clamp(floor, bitrate)
    }

    /// Seats everybody anew. Gives when to do so again though nothing is said.
    pub fn settle(&mut self, now: Instant) -> Option<Instant> {
        for id in self.ids() {
            self.lower(id, now);
        }
        // One after the other: the first on an empty rung decides whether it is worth the next one's while. Twice, for who
        // has moved may make it worth an earlier one's while, and begins to wait for a still better one.
        for id in self.ids().repeat(2) {
            self.raise(id, now);
        }
        self.seats.values().filter_map(Seat::deadline).min()
    }

    /// Takes a viewer down to the first rung that its link bears.
    fn lower(&mut self, id: SeatId, now: Instant) {
        let last = self.last();
        let Some(seat) = self.seats.get(&id).copied().filter(|seat| seat.rung <= last) else { return };
        let Some(bears) = seat.bears() else { return };
        let fits = |at: usize| bears >= scaled(self.required(at, bears), seat.stays);
        let stays = bears >= scaled(self.bitrate(seat.rung), seat.stays);
        let lower = (seat.rung + 1..=last).find(|&at| fits(at));
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if stays {
            seat.short_since = None;
        } else if bears.bits() == 0 {
            seat.fall(last + 1, now);
        } else if seat.rung < last {
            seat.fall(lower.unwrap_or(last), now);
            seat.short_since = lower.is_none().then_some(now);
        } else if seat.is_short_for_too_long(now) {
            // There is no lower one, and for a bad moment it has stayed.
            seat.fall(last + 1, now);
        }
    }

    /// Takes a viewer up by one rung, if its link has borne that for long enough.
    fn raise(&mut self, id: SeatId, now: Instant) {
        let Some(seat) = self.seats.get(&id).copied() else { return };
        let is_paused = seat.rung > self.last();
        let is_bearable = |&better: &usize| match seat.bears() {
            Some(bears) => bears >= self.required(better, bears),
            // Nothing was sent that could show it.
            None => is_paused,
        };
        let bearable = seat.rung.checked_sub(1).filter(is_bearable);
        let least = self.least();
        if let Some(seat) = self.seats.get_mut(&id)
            && seat.climb(bearable, now)
            && is_paused
        {
            seat.presumed = Some(least);
        }
    }

    /// What a link has to bear for a rung that it is not on: what it is encoded at for those who are, for it must not
    /// become less for them.
    fn required(&self, rung: usize, bears: Bitrate) -> Bitrate {
        if self.on(rung).next().is_some() {
            return self.bitrate(rung);
        }
        let least = scaled(self.rungs[rung].floor, HEADROOM).min(self.rungs[rung].bitrate);
        // Alone there, it is the measure itself.
        bears.clamp(least, self.rungs[rung].bitrate)
    }

    fn last(&self) -> usize {
        self.rungs.len().saturating_sub(1)
    }

    fn on(&self, rung: usize) -> impl Iterator<Item = &Seat> {
        self.seats.values().filter(move |seat| seat.rung == rung)
    }

    fn ids(&self) -> Vec<SeatId> {
        self.seats.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests;
