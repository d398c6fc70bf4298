//! Where rooms meet media: the tasks that hold a [`crate::room`], its relay connection and its peers.
//!
//! One task for each member, supervised, and one hub that joins what they report and hands commands to them.
//!
//! ```text
//!              commands                    requests
//!   api ───────────────────▶ hub ───────────────────────▶ member ──▶ relay client
//!       ◀── state, events ──     ◀─────── updates ───────        ──▶ peer, peer, ...
//! ```

mod access;
mod change;
pub mod command;
mod company;
mod execute;
mod hub;
mod member;
mod roster;
mod settings;
mod supervise;
mod turn_tls;

use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
};

pub use self::{
    access::{ANSWER_LIMIT, Access, NoAnswer},
    change::{Change, MemberChange},
    roster::Ready,
    settings::{MemberSettings, Settings},
    turn_tls::DoorError,
};
use self::{
    hub::Hub,
    roster::{Roster, Shared},
};
use crate::{
    encoder::LineupError, ids::Sessions, media::clockwork::Clockwork, recorder::Recorder, recording::Wanted,
    report::State, studio::Studio,
};

/// Commands that may wait. Each is a request to the API that waits for its reply.
const COMMANDS: usize = 64;
/// Events that a slow reader may be behind before it misses some.
const EVENTS: usize = 1024;
/// What members have to tell the hub. They wait for it when it is behind.
const UPDATES: usize = 256;

/// A running gateway. [`Handle::stop`] ends it; dropping it ends it without a word to its peers.
#[derive(Debug)]
pub struct Handle {
    /// What it is asked through.
    pub access: Access,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Settings that can't be had here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// They ask for an encoder that is not here.
    #[error(transparent)]
    Lineup(#[from] LineupError),
    /// A TURN server is to be spoken to over TLS, and can't be.
    #[error(transparent)]
    Turn(#[from] DoorError),
}

/// Starts the only gateway of a process; see [`start_beside`].
///
/// # Errors
/// When the settings ask for an encoder that is not here, or for TURN over TLS on a machine that trusts no CA.
pub fn start(settings: Settings) -> Result<Handle, StartError> {
    start_beside(settings, Sessions::default())
}

/// Starts the sources' studio and every member. A relay that is not there is waited for, and so is a device.
///
/// Must be called within a tokio runtime, with GStreamer initialised. All gateways of a process share `sessions`:
/// GStreamer's SCTP mixes up connections that have the same number.
///
/// # Errors
/// When the settings ask for an encoder that is not here, or for TURN over TLS on a machine that trusts no CA.
pub fn start_beside(settings: Settings, sessions: Sessions) -> Result<Handle, StartError> {
    let clockwork = Clockwork::start();
    let studio = Studio::start(settings.sources, settings.encode, clockwork.clone())?;
    let is_recorded = settings.members.iter().any(|member| member.record != Wanted::NONE);
    let recorder = Recorder::start(settings.record, clockwork.clone(), is_recorded);
    let (stop, stopping) = watch::channel(false);
    let (commands, asked) = mpsc::channel(COMMANDS);
    let (updates, updated) = mpsc::channel(UPDATES);
    let (events, _) = broadcast::channel(EVENTS);
    let (state, watched) = watch::channel(State::default());
    let left_behind = clockwork.left_behind();
    let access = Access { commands, recorder: recorder.clone(), state: watched, events: events.clone() };
    let roster = Roster::new(Shared {
        sessions,
        studio: studio.clone(),
        recorder: recorder.clone(),
        clockwork,
        updates,
        events,
    });
    let mut hub = Hub { roster, asked, updated, state, studio, recorder, left_behind, stopping };
    // Nobody is there who would have to leave first.
    drop(hub.change(Change::begin(settings.members))?);
    Ok(Handle { access, stop, task: tokio::spawn(hub.run()) })
}

impl Handle {
    /// Closes every peer and stops every source, and waits until that is done or 1.25 s have passed.
    pub async fn stop(self) {
        let Self { stop, task, .. } = self;
        stop.send_replace(true);
        if let Err(error) = task.await {
            tracing::error!(%error, "the gateway did not end as it should");
        }
    }
}
