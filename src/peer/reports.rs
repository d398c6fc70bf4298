//! What connections report, on its way to who holds them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{connection::PeerEvent, ids::PeerKey, report::Message};

/// Bytes of messages that may wait, of all connections together: 64 of the longest. They are taken out at once, unless this
/// machine is held up.
const WAITING_BYTES: usize = 64 * Message::MAX_BYTES;

/// Of them, those of one connection, so that one alone can't have the messages of all others left out.
const SHARE_BYTES: usize = WAITING_BYTES / 4;

const KIB: usize = 1024;

/// Where connections report to. Clones report to the same place, and have one share of it.
#[derive(Debug, Clone)]
pub struct Reporter {
    sender: mpsc::Sender<Report>,
    /// What is left for all.
    free: Arc<Semaphore>,
    /// And for this one.
    share: Arc<Semaphore>,
}

/// What they have reported.
#[derive(Debug)]
pub struct Reports(mpsc::Receiver<Report>);

#[derive(Debug)]
struct Report {
    key: PeerKey,
    event: PeerEvent,
    /// Those of a message's bytes.
    _places: Option<Places>,
}

/// What a message takes of its connection's share, and of what there is for all.
type Places = [OwnedSemaphorePermit; 2];

/// Why something is not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreported {
    /// It is a message, and there is no room for it among those of all.
    #[error("{} KiB of messages of all peers of the room wait already", WAITING_BYTES / KIB)]
    Full,
    /// It is a message, and there is no room for it among those of its own connection.
    #[error("{} KiB of its messages wait already", SHARE_BYTES / KIB)]
    ShareFull,
    /// Nobody wants to know any more.
    #[error("the gateway is gone")]
    Gone,
}

impl Reporter {
    /// For so many reports at once, and the end where they come out.
    #[must_use]
    pub fn new(places: usize) -> (Self, Reports) {
        let (sender, receiver) = mpsc::channel(places);
        let [free, share] = [WAITING_BYTES, SHARE_BYTES].map(|bytes| Arc::new(Semaphore::new(bytes)));
        (Self { sender, free, share }, Reports(receiver))
    }

    /// One more that reports to the same place, with a share of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { share: Arc::new(Semaphore::new(SHARE_BYTES)), ..self.clone() }
    }

    /// Reports `event`, as soon as there is a place. A message for whose bytes there is none is not waited for.
    ///
    /// # Errors
    /// When it is such a message, or nobody reads reports any more.
    pub async fn send(&self, key: PeerKey, event: PeerEvent) -> Result<(), Unreported> {
        let places = match &event {
            PeerEvent::Message(message) => Some(self.places_for(message)?),
            _ => None,
        };
        self.sender.send(Report { key, event, _places: places }).await.map_err(|_| Unreported::Gone)
    }

    fn places_for(&self, message: &Message) -> Result<Places, Unreported> {
        let bytes = u32::try_from(message.as_bytes().len()).map_err(|_| Unreported::ShareFull)?;
        let of = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_many_owned(bytes);
        let share = of(&self.share).map_err(|_| Unreported::ShareFull)?;
        Ok([share, of(&self.free).map_err(|_| Unreported::Full)?])
    }
}

impl Reports {
    /// The next one; `None` once nobody reports any more.
    pub async fn recv(&mut self) -> Option<(PeerKey, PeerEvent)> {
        self.0.recv().await.map(|Report { key, event, .. }| (key, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{PeerId, Session};

    fn said(bytes: usize) -> PeerEvent {
        PeerEvent::Message(Message::Text { text: "x".repeat(bytes) })
    }

    fn key() -> PeerKey {
        PeerKey { id: PeerId::new("ann").unwrap(), session: Session(1) }
    }

    /// Says the longest messages until one does not fit: how many did, and why that one does not.
    async fn fill(reporter: &Reporter) -> (usize, Unreported) {
        let mut said_so_far = 0;
        loop {
            match reporter.send(key(), said(Message::MAX_BYTES)).await {
                Ok(()) => said_so_far += 1,
                Err(why) => return (said_so_far, why),
            }
        }
    }

    #[tokio::test]
    async fn messages_that_do_not_fit_are_not_waited_for_and_hold_up_nothing_else() {
        let (reporter, mut reports) = Reporter::new(1024);
        assert_eq!(fill(&reporter).await, (16, Unreported::ShareFull));
        assert_eq!(reporter.send(key(), PeerEvent::Connected).await, Ok(()));
        assert!(reports.recv().await.is_some());
        assert_eq!(fill(&reporter).await, (1, Unreported::ShareFull), "there is room again");
        drop(reports);
        assert_eq!(reporter.send(key(), PeerEvent::Connected).await, Err(Unreported::Gone));
    }

    #[tokio::test]
    async fn one_leaves_room_for_others_and_all_together_have_a_limit() {
        let (reporter, _reports) = Reporter::new(1024);
        for _ in 0..4 {
            assert_eq!(fill(&reporter.another()).await, (16, Unreported::ShareFull));
        }
        let last = reporter.another();
        assert_eq!(fill(&last).await, (0, Unreported::Full));
        assert_eq!(Unreported::Full.to_string(), "4096 KiB of messages of all peers of the room wait already");
    }
}
