//! Reads the configuration again, and brings the daemon that runs to what it says by now. What did not change is not
//! disturbed; a configuration that is wrong changes nothing.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    signal::unix::Signal,
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot, watch,
    },
    task::JoinError,
    time::timeout,
};

use crate::{
    appearance::{self, AppearanceError},
    config::{self, Difference, Fate, Origin, Problems, Settings},
    descriptors,
    encoder::LineupError,
    gateway::{self, ANSWER_LIMIT, Access, Change, MemberChange, NoAnswer, command::Command},
    ice::HostPort,
    logging::Dial,
    messages::{self, Plumbing},
    report::{Fates, MemberName, MemberState, Reloaded},
    server::SocketError,
    service::Manager,
    studio::Repertoire,
};

/// Requests that may wait. Each is one more reading, in its turn.
const REQUESTS: usize = 4;

/// How long who leaves and what stops may take until it is said that it is done; it goes on by itself. Members take a second
/// at most, sources two.
const CHANGE_LIMIT: Duration = Duration::from_secs(5);

/// Asks for the configuration to be read again. Clones ask the same daemon.
#[derive(Debug, Clone)]
pub struct Reload(mpsc::Sender<Request>);

/// What was asked, for the daemon.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<Request>);

type Request = oneshot::Sender<Result<Reloaded, ReloadError>>;

/// Why the daemon is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// What the operator wrote.
    #[error("the configuration is wrong: {}", .0.to_string().replace('\n', "; "))]
    Misconfigured(#[from] Problems),
    /// It asks for an encoder that is not here.
    #[error("the configuration can't be had here: {0}")]
    Lineup(#[from] LineupError),
    /// It asks for something else that is not here.
    #[error("the configuration can't be had here: {0}")]
    Gateway(#[from] gateway::StartError),
    /// A member is to be in the embedded relay, and this process has no port.
    #[error(
        "a member wants the embedded relay, and the port for that (http.listen) is opened only when peergate is started anew"
    )]
    NoPort,
    /// A member can't be brought up.
    #[error("the configuration can't be had here: {0}")]
    Appearance(AppearanceError),
    /// The socket for messages can't be made.
    #[error("the configuration can't be had here: the socket for messages ([messages] socket): {0}")]
    Messages(#[from] SocketError),
    /// A defect of ours.
    #[error("the configuration can't be read: {0}; this is a defect of peergate")]
    Defect(#[from] JoinError),
    /// The gateway is stuck, or ends.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Others have asked, and are served first.
    #[error("the configuration is being read again, and others wait for that, too")]
    Busy,
}

impl From<AppearanceError> for ReloadError {
    fn from(error: AppearanceError) -> Self {
        match error {
            AppearanceError::NoRelay => Self::NoPort,
            error => Self::Appearance(error),
        }
    }
}

/// A way to ask, and what is asked in that way.
#[must_use]
pub fn channel() -> (Reload, Requests) {
    let (sender, receiver) = mpsc::channel(REQUESTS);
    (Reload(sender), Requests(receiver))
}

impl Reload {
    /// Has it read again, and waits until the daemon is as it says.
    ///
    /// # Errors
    /// When it is wrong, or can't be had here; nothing has changed then.
    pub async fn ask(&self) -> Result<Reloaded, ReloadError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(reply).map_err(|error| match error {
            TrySendError::Full(_) => ReloadError::Busy,
            TrySendError::Closed(_) => NoAnswer.into(),
        })?;
        answer.await.unwrap_or(Err(ReloadError::NoAnswer(NoAnswer)))
    }
}

/// Brings a daemon to other settings.
pub(crate) struct Reloader {
    pub(crate) origin: Arc<Origin>,
    /// Those that run.
    pub(crate) settings: Settings,
    /// Where the embedded relay is.
    pub(crate) listening: Option<SocketAddr>,
    pub(crate) gateway: Access,
    pub(crate) messages: messages::Running,
    /// The STUN server that the page asks.
    pub(crate) stun: watch::Sender<Option<HostPort>>,
    pub(crate) log: Dial,
    pub(crate) manager: Manager,
}

impl Reloader {
    /// Does so each time that somebody asks or `hang_ups` has a SIGHUP, one after the other, for ever.
    pub(crate) async fn run(mut self, Requests(mut requests): Requests, mut hang_ups: Signal) {
        loop {
            let request = tokio::select! {
                Some(request) = requests.recv() => Some(request),
                Some(()) = hang_ups.recv() => None,
                else => return,
            };
            tracing::info!(
                by = if request.is_some() { "the API" } else { "SIGHUP" },
                "the configuration is read again"
            );
            self.manager.reloading();
            let outcome = self.reload().await;
            match &outcome {
                Ok(reloaded) => tell(reloaded),
                Err(error) => tracing::error!(%error, "nothing is changed"),
            }
            self.manager.reloaded(outcome.as_ref().err(), &self.gateway.state.borrow());
            if let Some(request) = request {
                // Whoever asked may have gone.
                let _ = request.send(outcome);
            }
        }
    }

    async fn reload(&mut self) -> Result<Reloaded, ReloadError> {
        let origin = Arc::clone(&self.origin);
        let wanted = tokio::task::spawn_blocking(move || origin.load()).await??;
        let difference = Difference::between(&self.settings, &wanted);
        let present = self.gateway.state.borrow().members.clone();
        let members = self.members(&wanted, &difference, &present)?;
        let sources = Some(Repertoire::new(wanted.sources.clone(), wanted.encode.clone())?);
        let plumbing = self.messages.prepare(wanted.messages.clone()).await?;
        descriptors::provide(appearance::sessions(&wanted), wanted.relay.limits.sockets);
        let change = Change { members, sources };
        let changed = self.gateway.ask(ANSWER_LIMIT, |reply| Command::Change { change, reply }).await??;
        if timeout(CHANGE_LIMIT, changed).await.is_err() {
            tracing::warn!("not all that is to end has ended yet; what takes its place begins after it");
        }
        self.settle(&wanted, plumbing);
        let now = self.gateway.state.borrow().members.clone();
        let reloaded = Reloaded {
            members: named(&difference.members, &present, &now, |state| MemberName {
                id: state.id.clone(),
                room: state.room.clone(),
            }),
            sources: named(&difference.sources, &self.settings.sources, &wanted.sources, |one| one.name().clone()),
            applied: difference.applied.into_iter().map(ToOwned::to_owned).collect(),
            needs_restart: difference.needs_restart.into_iter().map(ToOwned::to_owned).collect(),
            warnings: wanted.warnings.clone(),
        };
        self.settings = self.settings.changed_to(wanted);
        Ok(reloaded)
    }

    fn members(
        &self,
        wanted: &Settings,
        difference: &Difference,
        present: &[MemberState],
    ) -> Result<Vec<MemberChange>, AppearanceError> {
        let change = |(member, fate): (&config::Member, &Fate)| {
            let past = match fate {
                Fate::Kept(index) | Fate::Restarted(index) => present.get(*index),
                Fate::Added => None,
            };
            match (fate, past) {
                (Fate::Kept(_), Some(state)) => Ok(MemberChange::Stay(state.key)),
                _ => {
                    let id = past.map(|state| state.id.clone());
                    let settings = appearance::member(member, wanted, self.listening, id)?;
                    Ok(MemberChange::Enter(Box::new(settings)))
                }
            }
        };
        wanted.members.iter().zip(&difference.members).map(change).collect()
    }

    /// What no member and no source begins anew for.
    fn settle(&mut self, wanted: &Settings, plumbing: Plumbing) {
        self.messages.change(plumbing);
        self.stun.send_replace(wanted.ice.stun.clone());
        if wanted.record.keep != self.settings.record.keep {
            self.gateway.recorder.keep(wanted.record.keep);
        }
        if wanted.log.filter != self.settings.log.filter
            && let Err(error) = self.log.set(&wanted.log.filter)
        {
            tracing::warn!(%error, "the filter of the log stays as it is");
        }
    }
}

/// What became of each, by a name for it.
fn named<T, N>(fates: &[Fate], old: &[T], new: &[T], name: impl Fn(&T) -> N) -> Fates<N> {
    let mut named = Fates::default();
    for (one, fate) in new.iter().zip(fates) {
        let of_its_fate = match fate {
            Fate::Kept(_) => &mut named.kept,
            Fate::Restarted(_) => &mut named.restarted,
            Fate::Added => &mut named.added,
        };
        of_its_fate.push(name(one));
    }
    named.removed = Fate::ended(fates, old.len()).filter_map(|index| old.get(index)).map(name).collect();
    named
}

fn tell(reloaded: &Reloaded) {
    for warning in &reloaded.warnings {
        tracing::warn!("{warning}");
    }
    for key in &reloaded.needs_restart {
        tracing::warn!(key, "it has changed, and takes effect when peergate is started anew");
    }
    let Reloaded { members, sources, applied, .. } = reloaded;
    let (members, sources, applied) = (members.changed(), sources.changed(), applied.join(", "));
    tracing::info!(members, sources, applied, "so many have changed; the configuration is in force");
}
