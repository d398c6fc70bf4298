//! The running gateway in the hands of who asks it.

use std::time::Duration;

use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    time::timeout,
};

use super::command::Command;
use crate::{
    recorder::Recorder,
    report::{Event, State},
};

/// How long it may take to answer. It answers at once, unless it is stuck.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A gateway that runs, and can be asked. Clones speak to the same one.
#[derive(Debug, Clone)]
pub struct Access {
    /// What it is asked to do.
    pub commands: mpsc::Sender<Command>,
    /// What records.
    pub recorder: Recorder,
    /// How it is.
    pub state: watch::Receiver<State>,
    /// What happens. Subscribe to it for a receiver of your own.
    pub events: broadcast::Sender<Event>,
}

/// It starts, stops, or is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway does not answer: it starts or stops")]
pub struct NoAnswer;

impl Access {
    /// Asks what `command` makes of a place for the reply, and waits for that within `limit`.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn ask<T>(
        &self,
        limit: Duration,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, NoAnswer> {
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            self.commands.send(command(reply)).await.ok()?;
            answer.await.ok()
        };
        timeout(limit, exchange).await.ok().flatten().ok_or(NoAnswer)
    }
}
