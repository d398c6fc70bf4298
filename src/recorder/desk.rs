//! Knows who can be recorded and what runs: orders go from here to whom they are for.

use std::time::Instant;

use futures_util::future::join_all;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, interval},
};

use super::{Order, OrderError, Ordered, Who, progress::Listing, subject};
use crate::{
    ids::RecordingId,
    report::{DiskState, RecordingState},
};

/// How often what runs is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How long one who is to be recorded may take to say which recording that is. It answers at once, unless it ends.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// What is recorded, and how the disk does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecorderState {
    /// What runs.
    pub recordings: Vec<RecordingState>,
    /// `None` where nothing is known of it yet: nothing was recorded, nor is it sure to be.
    pub disk: Option<DiskState>,
}

/// What it is told.
#[derive(Debug)]
pub(super) enum Word {
    /// One is there who can be recorded. It is gone when nobody listens to orders.
    Present { who: Who, orders: mpsc::Sender<subject::Order> },
    /// A recording has begun.
    Began(Listing),
    /// Record.
    Start(Order, oneshot::Sender<Result<Vec<Ordered>, OrderError>>),
    /// End a recording; whether it ran.
    Stop(RecordingId, oneshot::Sender<bool>),
    /// Whether this recording runs.
    Runs(RecordingId, oneshot::Sender<bool>),
    /// Say when nobody is left, and nothing runs.
    Settle(oneshot::Sender<()>),
}

/// The desk.
pub(super) struct Desk {
    subjects: Vec<(Who, mpsc::Sender<subject::Order>)>,
    running: Vec<Listing>,
    state: watch::Sender<RecorderState>,
}

impl Desk {
    /// Works until nobody can tell it anything.
    pub(super) fn spawn(
        mut words: mpsc::Receiver<Word>,
        disk: watch::Receiver<Option<DiskState>>,
    ) -> watch::Receiver<RecorderState> {
        let (state, watched) = watch::channel(RecorderState::default());
        let mut desk = Self { subjects: Vec::new(), running: Vec::new(), state };
        tokio::spawn(async move {
            let mut looks = interval(LOOK);
            loop {
                tokio::select! {
                    word = words.recv() => match word {
                        Some(word) => desk.hear(word),
                        None => return,
                    },
                    _ = looks.tick() => desk.look(&disk),
                }
            }
        });
        watched
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Present { who, orders } => self.subjects.push((who, orders)),
            Word::Began(listing) => self.running.push(listing),
            Word::Start(order, reply) => self.start(&order, reply),
            Word::Stop(id, reply) => {
                let running = self.running.iter().find(|one| one.id == id && one.runs());
                let told = running.is_some_and(|one| {
                    let theirs = self.subjects.iter().filter(|(who, _)| *who == one.who);
                    theirs.fold(false, |told, (_, orders)| {
                        orders.try_send(subject::Order::Stop(id.clone())).is_ok() || told
                    })
                });
                let _ = reply.send(told);
            }
            Word::Runs(id, reply) => {
                let _ = reply.send(self.running.iter().any(|one| one.id == id && one.runs()));
            }
            Word::Settle(reply) => self.settle(reply),
        }
    }

    /// Tells all whom the order is for. They answer in their own time.
    fn start(&self, order: &Order, reply: oneshot::Sender<Result<Vec<Ordered>, OrderError>>) {
        let fits = |who: &Who| {
            order.members.include(who.key, &who.member)
                && match &who.peer {
                    Some(peer) => order.wanted.remote && order.peer.as_ref().is_none_or(|wanted| wanted == peer),
                    None => order.wanted.local && order.peer.is_none(),
                }
        };
        let mut answers = Vec::new();
        for (_, orders) in self.subjects.iter().filter(|(who, _)| fits(who)) {
            let (reply, answer) = oneshot::channel();
            // Full, or gone: the answer says so.
            let _ = orders.try_send(subject::Order::Start { before: order.before, reply });
            answers.push(tokio::time::timeout(ANSWER_LIMIT, answer));
        }
        if answers.is_empty() {
            // Whoever asked may have gone.
            let _ = reply.send(Err(OrderError::Nobody));
            return;
        }
        tokio::spawn(async move {
            let running: Vec<_> = join_all(answers).await.into_iter().flatten().flatten().collect();
            let _ = reply.send(if running.is_empty() { Err(OrderError::Busy) } else { Ok(running) });
        });
    }

    /// Says so when all of these are gone. Nobody comes any more who could be recorded.
    fn settle(&self, reply: oneshot::Sender<()>) {
        let gone: Vec<_> = self.subjects.iter().map(|(_, orders)| orders.clone()).collect();
        let ended: Vec<_> = self.running.iter().map(|one| one.progress.clone()).collect();
        tokio::spawn(async move {
            join_all(gone.iter().map(mpsc::Sender::closed)).await;
            join_all(ended.into_iter().map(async |mut progress| while progress.changed().await.is_ok() {})).await;
            let _ = reply.send(());
        });
    }

    fn look(&mut self, disk: &watch::Receiver<Option<DiskState>>) {
        self.subjects.retain(|(_, orders)| !orders.is_closed());
        self.running.retain(Listing::runs);
        let now = Instant::now();
        let recordings = self.running.iter().map(|one| one.state(now)).collect();
        let fresh = RecorderState { recordings, disk: disk.borrow().clone() };
        self.state.send_if_modified(|state| {
            let changed = *state != fresh;
            if changed {
                *state = fresh;
            }
            changed
        });
    }
}
