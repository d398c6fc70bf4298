//! Who takes encodes, and what their links bear: said by takers, read by the conductor.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::watch;

use crate::{
    quality::{UNLIMITED, ladder::SeatId},
    units::Bitrate,
};

/// Which of the studio's ladders: one for each source and codec, for as long as there is that source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LadderIndex(u64);

/// All takers. Clones are the same audience.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience(Arc<Members>);

#[derive(Debug, Default)]
struct Members {
    claims: watch::Sender<Claims>,
    next: AtomicU64,
    next_ladder: AtomicU64,
}

/// What each taker has said.
pub(super) type Claims = BTreeMap<SeatId, Claim>;

/// One taker.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) ladder: LadderIndex,
    /// What its link bears of this encode; `None` for nothing known.
    pub(super) bears: Option<Bitrate>,
    /// Whether what it takes leaves the box, and so needs of the uplink.
    pub(super) leaves: bool,
    /// The rung that it is to take, 0 for the best.
    pub(super) rung: watch::Sender<usize>,
}

/// A taker's own end. It leaves when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    audience: Audience,
    id: SeatId,
    rung: watch::Receiver<usize>,
}

impl Audience {
    /// Somebody comes who is sent it, to the best rung.
    pub(super) fn join(&self, ladder: LadderIndex) -> Seat {
        self.seat(ladder, None, true)
    }

    /// Somebody comes who is in this machine, and bears all.
    pub(super) fn join_here(&self, ladder: LadderIndex) -> Seat {
        self.seat(ladder, Some(UNLIMITED), false)
    }

    /// A ladder that nobody takes from yet.
    pub(super) fn new_ladder(&self) -> LadderIndex {
        LadderIndex(self.0.next_ladder.fetch_add(1, Relaxed))
    }

    fn seat(&self, ladder: LadderIndex, bears: Option<Bitrate>, leaves: bool) -> Seat {
        let id = SeatId(self.0.next.fetch_add(1, Relaxed));
        let (sender, rung) = watch::channel(0);
        let claim = Claim { ladder, bears, leaves, rung: sender };
        self.0.claims.send_modify(|claims| drop(claims.insert(id, claim)));
        Seat { audience: self.clone(), id, rung }
    }

    /// What all have said; changes with each word.
    pub(super) fn claims(&self) -> watch::Receiver<Claims> {
        self.0.claims.subscribe()
    }
}

impl Seat {
    /// Says what the link bears.
    pub(super) fn bears(&self, bitrate: Option<Bitrate>) {
        self.audience.0.claims.send_if_modified(|claims| {
            let claim = claims.get_mut(&self.id).filter(|claim| claim.bears != bitrate);
            claim.map(|claim| claim.bears = bitrate).is_some()
        });
    }

    /// The rung that is to be taken.
    pub(super) fn rung(&self) -> usize {
        *self.rung.borrow()
    }

    /// Waits until that is another one than it was when this was called last.
    pub(super) async fn moved(&mut self) {
        if self.rung.changed().await.is_err() {
            // The studio is gone, and nobody moves any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.0.claims.send_modify(|claims| drop(claims.remove(&self.id)));
    }
}
