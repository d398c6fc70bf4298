//! What connections report, on its way to who holds them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{connection::PeerEvent, ids::PeerKey, report::Message};

/// Bytes of messages that may wait, of all connections together: 64 of the longest. They are taken out at once, unless this
/// machine is held up.
const WAITING_BYTES: usize = 64 * Message::MAX_BYTES;

/// Where connections report to. Clones report to the same place.
#[derive(Debug, Clone)]
pub struct Reporter {
    sender: mpsc::Sender<Report>,
    free: Arc<Semaphore>,
}

/// What they have reported.
#[derive(Debug)]
pub struct Reports(mpsc::Receiver<Report>);

#[derive(Debug)]
struct Report {
    key: PeerKey,
    event: PeerEvent,
    /// That of a message's bytes.
    _place: Option<OwnedSemaphorePermit>,
}

/// Why something is not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreported {
    /// It is a message that does not fit.
    #[error("4 MiB of messages wait already")]
    Full,
    /// Nobody wants to know any more.
    #[error("the gateway is gone")]
    Gone,
}

impl Reporter {
    /// For so many reports at once, and the end where they come out.
    #[must_use]
    pub fn new(places: usize) -> (Self, Reports) {
        let (sender, receiver) = mpsc::channel(places);
        (Self { sender, free: Arc::new(Semaphore::new(WAITING_BYTES)) }, Reports(receiver))
    }

    /// Reports `event`, as soon as there is a place. A message for whose bytes there is none is not waited for.
    ///
    /// # Errors
    /// When it is such a message, or nobody reads reports any more.
    pub async fn send(&self, key: PeerKey, event: PeerEvent) -> Result<(), Unreported> {
        let place = match &event {
            PeerEvent::Message(message) => Some(self.place_for(message)?),
            _ => None,
        };
        self.sender.send(Report { key, event, _place: place }).await.map_err(|_| Unreported::Gone)
    }

    fn place_for(&self, message: &Message) -> Result<OwnedSemaphorePermit, Unreported> {
        let bytes = u32::try_from(message.as_bytes().len()).map_err(|_| Unreported::Full)?;
        Arc::clone(&self.free).try_acquire_many_owned(bytes).map_err(|_| Unreported::Full)
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

    #[tokio::test]
    async fn messages_that_do_not_fit_are_not_waited_for_and_hold_up_nothing_else() {
        let (reporter, mut reports) = Reporter::new(1024);
        let key = PeerKey { id: PeerId::new("ann").unwrap(), session: Session(1) };
        for _ in 0..64 {
            assert_eq!(reporter.send(key.clone(), said(Message::MAX_BYTES)).await, Ok(()));
        }
        assert_eq!(reporter.send(key.clone(), said(1)).await, Err(Unreported::Full));
        assert_eq!(reporter.send(key.clone(), PeerEvent::Connected).await, Ok(()));
        assert!(reports.recv().await.is_some());
        assert_eq!(reporter.send(key.clone(), said(Message::MAX_BYTES)).await, Ok(()), "there is room again");
        drop(reports);
        assert_eq!(reporter.send(key, PeerEvent::Connected).await, Err(Unreported::Gone));
    }
}
