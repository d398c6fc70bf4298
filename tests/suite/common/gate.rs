//! What lets frames pass, or not: a track that comes late, is muted, and comes back.

use std::time::Duration;

use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
    time::timeout,
};

use super::str0m_peer::Encoded;

/// How long a keyframe may take, which a track goes on with.
const KEYFRAME_LIMIT: Duration = Duration::from_secs(15);

/// A gate, closed at first. Dropping it closes it for ever.
#[derive(Debug)]
pub(crate) struct Gate {
    out: broadcast::Sender<Encoded>,
    is_open: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Gate {
    /// One for what comes from `media`.
    pub(crate) fn of(media: &broadcast::Sender<Encoded>) -> Self {
        let (out, _) = broadcast::channel(256);
        let (is_open, opened) = watch::channel(false);
        let (mut frames, passed) = (media.subscribe(), out.clone());
        let task = tokio::spawn(async move {
            let mut flows = false;
            loop {
                let frame = match frames.recv().await {
                    Ok(frame) => frame,
                    Err(broadcast::error::RecvError::Lagged(missed)) => panic!("the test is {missed} frames behind"),
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                flows = *opened.borrow() && (flows || frame.keyframe);
                if flows {
                    // Nobody is connected yet.
                    let _ = passed.send(frame);
                }
            }
        });
        Self { out, is_open, task }
    }

    /// Where what passes comes from.
    pub(crate) fn frames(&self) -> &broadcast::Sender<Encoded> {
        &self.out
    }

    /// Lets frames pass, from a keyframe on, and waits for that.
    pub(crate) async fn open(&self) -> Encoded {
        let mut frames = self.out.subscribe();
        self.is_open.send_replace(true);
        timeout(KEYFRAME_LIMIT, frames.recv()).await.expect("a keyframe in time").unwrap()
    }

    /// Lets none pass.
    pub(crate) fn close(&self) {
        self.is_open.send_replace(false);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}
