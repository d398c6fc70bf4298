//! How many take something, and whether it is wanted for that.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// Counts takers. Clones count the same thing.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand(Arc<watch::Sender<Wish>>);

/// One taker; no longer when it is dropped.
#[derive(Debug)]
pub(super) struct Taken(Demand);

#[derive(Debug, Default)]
struct Wish {
    takers: usize,
    /// It is wanted without takers, too.
    kept: bool,
}

impl Wish {
    const fn is_wanted(&self) -> bool {
        self.takers > 0 || self.kept
    }
}

impl Demand {
    pub(super) fn take(&self) -> Taken {
        self.0.send_modify(|wish| wish.takers += 1);
        Taken(self.clone())
    }

    pub(super) fn takers(&self) -> usize {
        self.0.borrow().takers
    }

    /// It is wanted from now on, whoever takes it.
    pub(super) fn keep(&self) {
        self.0.send_modify(|wish| wish.kept = true);
    }

    /// Waits until it is wanted.
    pub(super) async fn wanted(&self) {
        // The sender is in `self`, so it can't be gone.
        let _ = self.0.subscribe().wait_for(Wish::is_wanted).await;
    }

    /// Waits until nobody takes it.
    pub(super) async fn untaken(&self) {
        let _ = self.0.subscribe().wait_for(|wish| wish.takers == 0).await;
    }

    /// Waits until it has not been wanted for so long.
    pub(super) async fn unwanted_for(&self, linger: Duration) {
        let mut wish = self.0.subscribe();
        loop {
            let _ = wish.wait_for(|wish| !wish.is_wanted()).await;
            let wanted = wish.wait_for(Wish::is_wanted);
            if tokio::time::timeout(linger, wanted).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.0.send_modify(|wish| wish.takers -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn it_is_unwanted_only_after_a_while_without_takers() {
        let demand = Demand::default();
        let begun = tokio::time::Instant::now();
        let first = demand.take();
        let watched = demand.clone();
        let unwanted = tokio::spawn(async move { watched.unwanted_for(LINGER).await });
        tokio::time::sleep(Duration::from_secs(10)).await;
        drop(first);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let second = demand.take();
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(second);
        unwanted.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 10 + 4 + 2 + 5);
    }

    #[tokio::test]
    async fn it_is_wanted_while_somebody_takes() {
        let demand = Demand::default();
        assert_eq!(demand.takers(), 0);
        let (first, second) = (demand.take(), demand.take());
        demand.wanted().await;
        assert_eq!(demand.takers(), 2);
        drop((first, second));
        assert_eq!(demand.takers(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_wanted_without_takers() {
        let demand = Demand::default();
        demand.keep();
        demand.wanted().await;
        assert_eq!(demand.takers(), 0);
        drop(demand.take());
        let day = Duration::from_secs(86_400);
        assert!(tokio::time::timeout(day, demand.unwanted_for(LINGER)).await.is_err());
    }
}
