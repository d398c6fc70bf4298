//! What the service manager that started this process is told, if one did: systemd's protocol of sd_notify(3).

mod status;
mod vitals;
mod watchdog;

use std::{convert::Infallible, fmt, future::pending, time::Duration};

use sd_notify::NotifyState;
use tokio::{sync::watch, time::sleep};

use crate::report::State;

pub(crate) use watchdog::Loop;

/// How often the manager is told anew how it goes, at most; who asks it is a person. At the start, relays take a moment.
const STATUS_PERIOD: Duration = Duration::from_secs(2);

/// The service manager. Where there is none, what it is told goes nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    is_there: bool,
    /// How long it waits for a sign of life before it kills us and starts another; `None`: for ever.
    patience: Option<Duration>,
}

impl Manager {
    /// The one that the environment names.
    pub(crate) fn of_this_process() -> Self {
        Self { is_there: std::env::var_os("NOTIFY_SOCKET").is_some(), patience: sd_notify::watchdog_enabled() }
    }

    /// All is up.
    pub(crate) fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// The configuration is read again.
    pub(crate) fn reloading(&self) {
        // Newer managers tell by the time which of several it is (sd_notify(3), MONOTONIC_USEC=).
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "the system has no clock that only goes forward"),
        }
    }

    /// It has been, and is in force unless it was `refused`.
    pub(crate) fn reloaded(&self, refused: Option<&impl fmt::Display>, state: &State) {
        let how_it_goes = status::of(state);
        let status = match refused {
            Some(why) => format!("not reloaded: {why}; {how_it_goes}"),
            None => how_it_goes,
        };
        tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// It goes down, and was asked to or can't go on.
    pub(crate) fn stopping(&self) {
        tell(&[NotifyState::Stopping, NotifyState::Status("closing all connections")]);
    }

    /// Gives signs of life, where they are waited for, as long as each of `loops` turns and frames move.
    pub(crate) async fn feed_watchdog(&self, loops: Vec<Loop>, state: watch::Receiver<State>) -> Infallible {
        match self.patience {
            Some(patience) => watchdog::feed(patience, loops, state, || tell(&[NotifyState::Watchdog])).await,
            None => pending().await,
        }
    }

    /// Says how it goes, in a line for people.
    pub(crate) async fn say_how_it_goes(&self, mut state: watch::Receiver<State>) -> Infallible {
        if !self.is_there {
            return pending().await;
        }
        let mut said = String::new();
        loop {
            sleep(STATUS_PERIOD).await;
            let status = status::of(&state.borrow_and_update());
            if status != said {
                tell(&[NotifyState::Status(&status)]);
                said = status;
            }
            if state.changed().await.is_err() {
                return pending().await;
            }
        }
    }
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!(%error, ?what, "the service manager can't be told; NOTIFY_SOCKET says where it listens");
    }
}
