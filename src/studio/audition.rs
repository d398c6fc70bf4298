//! Trials of encoders while nobody takes anything: the first viewer is to have the device from the first frame on.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{LINGER, bench::Bench, demand::Demand, encode::AtWork, shelf::Shelf};

/// How long after the start the first trial begins: rooms are joined, and whoever waited for us to come back is there.
const MOMENT: Duration = Duration::from_secs(1);

/// What may be tried, and who comes first.
#[derive(Debug)]
pub(super) struct Audition {
    tryouts: Vec<Tryout>,
    /// Nothing is begun while somebody takes one of these, or is about to.
    sources: Vec<Demand>,
}

/// The candidates for one encode.
#[derive(Debug, Clone)]
pub(super) struct Tryout {
    bench: Bench,
    /// Told who will begin.
    at_work: watch::Sender<AtWork>,
}

impl Audition {
    /// For all encodes of these sources.
    pub(super) fn of(shelves: &[Arc<Shelf>]) -> Self {
        Self {
            tryouts: shelves.iter().flat_map(|shelf| &shelf.tryouts).cloned().collect(),
            sources: shelves.iter().map(|shelf| shelf.demand.clone()).collect(),
        }
    }

    /// Has them tried, one after the other, until all is known or `running` says no. Where there is nothing to try, as
    /// on most machines and at each second start, nothing is begun.
    pub(super) fn spawn(self, running: &watch::Sender<bool>) {
        if self.next().is_none() {
            return;
        }
        let mut running = running.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = running.wait_for(|running| !running) => {}
                () = self.run() => {}
            }
        });
    }

    async fn run(&self) {
        tokio::time::sleep(MOMENT).await;
        // All keep in one place what they have shown.
        if let Some(tryout) = self.tryouts.first()
            && !tryout.bench.may_be_unasked().await
        {
            tracing::info!(
                "no device is tried before somebody takes from it: a trial may have ended an earlier process, or the cache's \
                 folder can't be written to, and the next start would not know that this one's has"
            );
            return;
        }
        loop {
            self.quiet().await;
            if let Some(tryout) = self.next() {
                tryout.bench.find_out_next().await;
                tryout.say_who_is_first();
            } else if self.tryouts.iter().any(|tryout| tryout.bench.is_at_work()) {
                // Nobody takes it any more, and it has not stopped yet: what comes before it may be unknown.
                tokio::time::sleep(LINGER + MOMENT).await;
            } else {
                return;
            }
        }
    }

    /// The one whose candidates are tried next.
    fn next(&self) -> Option<&Tryout> {
        self.tryouts.iter().find(|tryout| tryout.bench.has_unknown())
    }

    /// Waits until nobody takes anything. After somebody has, what they took has to have stopped, too.
    async fn quiet(&self) {
        while self.sources.iter().any(|source| source.takers() > 0) {
            for source in &self.sources {
                source.untaken().await;
            }
            tokio::time::sleep(LINGER + MOMENT).await;
        }
    }
}

impl Tryout {
    pub(super) fn new(bench: &Bench, at_work: &watch::Sender<AtWork>) -> Self {
        Self { bench: bench.clone(), at_work: at_work.clone() }
    }

    /// Whoever encodes has said so by itself; it says so after it has begun.
    fn say_who_is_first(&self) {
        self.at_work.send_modify(|shown| {
            if !self.bench.is_at_work() {
                shown.element = AtWork::first(&self.bench).element;
            }
        });
    }
}
