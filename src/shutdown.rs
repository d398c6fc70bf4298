//! How the process is asked to stop: SIGTERM and SIGINT; a second one means at once.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long peers have to be closed; the process ends 200 ms later at most, within the 2 s it promises, whatever
/// still hangs (GStreamer 1.22 has ways to).
pub const GRACE: Duration = Duration::from_millis(1800);

/// The signals that ask us to stop, caught from [`Signals::catch`] on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches the signals. Within a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn catch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one, and gives its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Carries out `close`, but for no longer than [`GRACE`], and only until the next signal.
    pub async fn while_closing(&mut self, close: impl Future<Output = ()>) {
        tokio::select! {
            () = close => tracing::info!("all is closed"),
            name = self.next() => tracing::warn!("{name} again: ending at once"),
            () = tokio::time::sleep(GRACE) => tracing::warn!("not all could be closed in time: ending all the same"),
        }
    }
}
