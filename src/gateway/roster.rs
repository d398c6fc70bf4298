//! The members that there are. They come and go while the gateway runs, and those that stay do not notice.

use std::sync::Arc;

use futures_util::{
    FutureExt,
    future::{self, BoxFuture, join_all},
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::{JoinError, JoinSet},
};

use super::{
    MemberSettings,
    change::MemberChange,
    company::Company,
    hub::{self, Request, Update},
    member::{self, Surroundings},
    supervise, turn_tls,
};
use crate::{
    ids::{MemberKey, Members, Sessions},
    media::clockwork::Clockwork,
    recorder::Recorder,
    report::{Event, MemberState},
    studio::Studio,
};

/// Requests that a member may be behind.
const REQUESTS: usize = 64;

/// Comes when new members can enter, to all who wait for it.
pub type Ready = future::Shared<BoxFuture<'static, ()>>;

/// What every member works with.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) sessions: Sessions,
    pub(super) studio: Studio,
    pub(super) recorder: Recorder,
    pub(super) clockwork: Clockwork,
    pub(super) updates: mpsc::Sender<(MemberKey, Update)>,
    pub(super) events: broadcast::Sender<Event>,
}

/// All members.
pub(super) struct Roster {
    shared: Shared,
    /// In the order of the configuration.
    present: Vec<Present>,
    /// Those that were told to leave. A member that comes waits for them: it may have the id and the place of one.
    leaving: Vec<mpsc::Sender<Request>>,
    tasks: JoinSet<()>,
    company: watch::Sender<Company>,
    next: u64,
}

/// One that is there.
struct Present {
    key: MemberKey,
    settings: Arc<MemberSettings>,
    requests: mpsc::Sender<Request>,
    leave: watch::Sender<bool>,
}

/// One that is about to be.
struct Entrant {
    key: MemberKey,
    settings: Arc<MemberSettings>,
    requests: mpsc::Receiver<Request>,
    stopping: watch::Receiver<bool>,
}

impl Roster {
    /// Nobody yet.
    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared,
            present: Vec::new(),
            leaving: Vec::new(),
            tasks: JoinSet::new(),
            company: watch::Sender::default(),
            next: 0,
        }
    }

    /// Has those be there that `changes` name, in that order, and no others. Those that are new enter once those that are
    /// not named have left, and `between` is done after that. What is returned comes when it is; somebody has to wait for it.
    ///
    /// # Errors
    /// When a TURN server can't be spoken to over TLS. Nothing has changed then.
    pub(super) fn change(
        &mut self,
        changes: Vec<MemberChange>,
        between: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Ready, turn_tls::DoorError> {
        let (places, entrants) = self.prepare(changes)?;
        let mut former = std::mem::take(&mut self.present);
        for place in places {
            match place {
                Place::Taken(key) => {
                    let known = former.iter().position(|one| one.key == key);
                    self.present.extend(known.map(|index| former.remove(index)));
                }
                Place::Fresh(present) => self.present.push(present),
            }
        }
        self.leaving.retain(|one| !one.is_closed());
        for Present { leave, requests, .. } in former {
            leave.send_replace(true);
            self.leaving.push(requests);
        }
        // Before anybody new speaks in a room.
        self.company.send_replace(Company::of(self.present.iter().map(|one| &*one.settings)));
        let leaving = self.leaving.clone();
        let ready = async move {
            join_all(leaving.iter().map(mpsc::Sender::closed)).await;
            between.await;
        };
        let ready = ready.boxed().shared();
        for entrant in entrants {
            self.enter(entrant, ready.clone());
        }
        Ok(ready)
    }

    /// What they show, in their order; `known` is what was shown before.
    pub(super) fn states(&self, known: &[MemberState]) -> Vec<MemberState> {
        let state = |one: &Present| match known.iter().find(|state| state.key == one.key) {
            Some(state) => state.clone(),
            None => member::first_state(one.key, &one.settings),
        };
        self.present.iter().map(state).collect()
    }

    /// Where requests to these go.
    pub(super) fn requests(&self, members: &Members) -> impl Iterator<Item = &mpsc::Sender<Request>> {
        let meant = |one: &&Present| members.include(one.key, &one.settings.id);
        self.present.iter().filter(meant).map(|one| &one.requests)
    }

    /// Waits until a member has ended, as it should or not; for ever where there is none.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => report(ended),
            None => std::future::pending().await,
        }
    }

    /// Tells all to leave, and waits until they have.
    pub(super) async fn stop(mut self) {
        for one in &self.present {
            one.leave.send_replace(true);
        }
        while let Some(ended) = self.tasks.join_next().await {
            report(ended);
        }
    }

    /// Opens what the new ones need, so that nothing has to be taken back.
    fn prepare(&mut self, changes: Vec<MemberChange>) -> Result<(Vec<Place>, Vec<Entrant>), turn_tls::DoorError> {
        let (mut places, mut entrants) = (Vec::new(), Vec::new());
        for change in changes {
            let mut settings = match change {
                MemberChange::Stay(key) => {
                    places.push(Place::Taken(key));
                    continue;
                }
                MemberChange::Enter(settings) => *settings,
            };
            let (leave, stopping) = watch::channel(false);
            turn_tls::open_doors(settings.peer.ice.turn.iter_mut(), &stopping)?;
            let (sender, requests) = mpsc::channel(REQUESTS);
            let (key, settings) = (MemberKey(self.next), Arc::new(settings));
            self.next += 1;
            places.push(Place::Fresh(Present { key, settings: Arc::clone(&settings), requests: sender, leave }));
            entrants.push(Entrant { key, settings, requests, stopping });
        }
        Ok((places, entrants))
    }

    fn enter(&mut self, entrant: Entrant, ready: Ready) {
        let Entrant { key, settings, requests, mut stopping } = entrant;
        let surroundings = Surroundings {
            key,
            settings,
            company: self.company.subscribe(),
            shared: self.shared.clone(),
            stopping: stopping.clone(),
        };
        self.tasks.spawn(async move {
            tokio::select! {
                () = ready => {}
                () = hub::stop(&mut stopping) => return,
            }
            let Surroundings { settings, shared, .. } = &surroundings;
            // What can be recorded of our own, whatever becomes of the room.
            let _own = shared.recorder.local(
                key,
                settings.id.clone(),
                shared.studio.clone(),
                settings.sources(),
                settings.record.local,
            );
            supervise::run(&surroundings, requests).await;
        });
    }
}

/// A place in the order.
enum Place {
    /// Of one that is there.
    Taken(MemberKey),
    /// Of a new one.
    Fresh(Present),
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a member did not end as it should");
    }
}
