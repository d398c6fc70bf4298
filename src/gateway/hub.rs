//! The hub: keeps the state that all members and the studio report, and hands commands to the members.
//! It never waits for a member, so that members may wait for it.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Change, Ready, StartError,
    command::{Command, CommandError},
    roster::Roster,
};
use crate::{
    ids::{MemberKey, Members, PeerId},
    limit::Limit,
    memory,
    recorder::{Recorder, RecorderState},
    report::{MemberState, Message, PeerState, RelayState, State},
    studio::{Studio, StudioState},
};

/// How long sources have to end. What hangs in a driver can't be ended, and the HTTP server has sockets to close.
const SOURCES_LIMIT: Duration = Duration::from_millis(250);

/// How long recordings have to end. What hangs in a disk can't be ended; the next start finds what is there.
const RECORDINGS_LIMIT: Duration = Duration::from_millis(500);

/// How long after one has left the memory that was its own goes back to the system. Who comes sooner uses it, and sources and
/// encoders that ran for the last have stopped by then.
const LEFTOVERS: Duration = Duration::from_secs(10);

/// What a member tells the hub.
#[derive(Debug)]
pub(super) enum Update {
    /// The relay came or went.
    Relay(RelayState),
    /// A peer is there, or has changed.
    Peer(Box<PeerState>),
    /// A peer is gone.
    PeerGone(PeerId),
    /// Somebody in the room took too much of something.
    LimitReached(Limit),
    /// Somebody in the room is ignored for a while.
    Ignoring,
    /// The member begins anew: no peers, no relay.
    Restarted(RelayState),
}

/// How many peers a request reached.
pub(super) type Answer = Result<usize, CommandError>;

/// What a member is asked, with a place for the reply.
#[derive(Debug)]
pub(super) enum Request {
    /// Send a message to one peer or all.
    Send(Option<PeerId>, Message, oneshot::Sender<Answer>),
    /// Close a peer.
    Close(PeerId, oneshot::Sender<Answer>),
    /// Say that the loop turns.
    Turn(oneshot::Sender<()>),
}

/// Comes back when the gateway is to stop, or its handle was dropped.
pub(super) async fn stop(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

pub(super) struct Hub {
    pub(super) roster: Roster,
    pub(super) asked: mpsc::Receiver<Command>,
    pub(super) updated: mpsc::Receiver<(MemberKey, Update)>,
    pub(super) state: watch::Sender<State>,
    pub(super) studio: Studio,
    pub(super) recorder: Recorder,
    /// Pipelines that hang.
    pub(super) left_behind: watch::Receiver<usize>,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Hub {
    /// Runs until it is stopped, and every member with it.
    pub(super) async fn run(mut self) {
        let (mut studio, mut recorder) = (self.studio.state(), self.recorder.state());
        self.copy_studio(&mut studio);
        let mut asked_for_more = true;
        let mut leftovers = Leftovers::default();
        loop {
            tokio::select! {
                command = self.asked.recv(), if asked_for_more => match command {
                    Some(command) => self.handle_command(command),
                    None => asked_for_more = false,
                },
                Some((key, update)) = self.updated.recv() => {
                    if matches!(update, Update::PeerGone(_)) {
                        leftovers.come(Instant::now());
                    }
                    self.apply(key, update);
                }
                () = leftovers.due() => {
                    tokio::task::spawn_blocking(memory::give_back);
                }
                Ok(()) = studio.changed() => self.copy_studio(&mut studio),
                Ok(()) = recorder.changed() => self.copy_recorder(&mut recorder),
                Ok(()) = self.left_behind.changed() => {
                    let count = *self.left_behind.borrow_and_update();
                    self.state.send_modify(|state| state.pipelines_left_behind = count);
                }
                () = self.roster.ended() => {}
                () = stop(&mut self.stopping) => break,
            }
        }
        let Self { updated, roster, studio, recorder, .. } = self;
        // Members that still have something to tell must not wait for us.
        drop(updated);
        roster.stop().await;
        if timeout(RECORDINGS_LIMIT, recorder.settled()).await.is_err() {
            tracing::warn!("not all recordings could be ended in time; the next start mends them");
        }
        if timeout(SOURCES_LIMIT, studio.stop()).await.is_err() {
            tracing::warn!("not all sources could be stopped in time; they are left behind");
        }
    }

    /// Has the members be there that the change names, and shows them.
    ///
    /// # Errors
    /// When something that it needs is not here. Nothing has changed then.
    pub(super) fn change(&mut self, change: Change) -> Result<Ready, StartError> {
        let Change { members, sources } = change;
        let studio = self.studio.clone();
        let renewal = async move {
            if let Some(sources) = sources {
                studio.renew(sources).await;
            }
        };
        let ready = self.roster.change(members, renewal)?;
        self.state.send_modify(|state| state.members = self.roster.states(&state.members));
        Ok(ready)
    }

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Send { members, peer, message, reply } => {
                let answers =
                    Answers(self.ask(&members, |answer| Request::Send(peer.clone(), message.clone(), answer)));
                tokio::spawn(async move {
                    let _ = reply.send(answers.joined(peer.as_ref()).await);
                });
            }
            Command::ClosePeer { peer, reply } => {
                let answers = Answers(self.ask(&Members::All, |answer| Request::Close(peer.clone(), answer)));
                tokio::spawn(async move {
                    let _ = reply.send(answers.joined(Some(&peer)).await.map(drop));
                });
            }
            Command::Turn { reply } => {
                let turns = join_all(self.roster.requests(&Members::All).cloned().map(has_turned));
                tokio::spawn(async move {
                    if turns.await.into_iter().all(|turned| turned) {
                        let _ = reply.send(());
                    }
                });
            }
            // Whoever asked has given up, and takes it that nothing changes.
            Command::Change { reply, .. } if reply.is_closed() => {}
            Command::Change { change, reply } => {
                let changed = self.change(change);
                if let Ok(ready) = &changed {
                    // Whoever asked may not wait for it.
                    tokio::spawn(ready.clone());
                }
                // An error: it went a moment ago; the change is made.
                let _ = reply.send(changed);
            }
            Command::Snapshot { source, most, mut reply } => {
                let studio = self.studio.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        picture = studio.snapshot(&source, most) => drop(reply.send(picture)),
                        // Nobody waits for it any more.
                        () = reply.closed() => {}
                    }
                });
            }
        }
    }

    /// Asks these members the same.
    fn ask<T>(&self, members: &Members, request: impl Fn(oneshot::Sender<T>) -> Request) -> Vec<oneshot::Receiver<T>> {
        self.roster.requests(members).map(|member| put(member, &request)).collect()
    }

    /// What one says that leaves is shown no more.
    fn apply(&self, key: MemberKey, update: Update) {
        self.state.send_if_modified(|state| {
            let member = state.members.iter_mut().find(|member| member.key == key);
            member.map(|member| apply(member, update)).is_some()
        });
    }

    fn copy_studio(&self, studio: &mut watch::Receiver<StudioState>) {
        let seen = studio.borrow_and_update().clone();
        self.state.send_modify(|state| {
            state.sources = seen.sources;
            state.encoders = seen.encoders;
        });
    }

    fn copy_recorder(&self, recorder: &mut watch::Receiver<RecorderState>) {
        let seen = recorder.borrow_and_update().clone();
        self.state.send_modify(|state| {
            state.recordings = seen.recordings;
            state.disk = seen.disk;
        });
    }
}

/// When what was left behind is cleared up: after the first who leaves, and after the last; not each time where somebody leaves all
/// the time.
#[derive(Default)]
struct Leftovers {
    due: Option<Instant>,
    /// When the last one left, where that may be too late for what is due.
    latest: Option<Instant>,
}

impl Leftovers {
    /// Somebody has left.
    fn come(&mut self, now: Instant) {
        self.latest = Some(now);
        self.due.get_or_insert(now + LEFTOVERS);
    }

    /// Waits until it is time, once for all that have left by then, and once more after the last of them: what ran for that one
    /// has hardly stopped. Dropping the future changes nothing.
    async fn due(&mut self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
        self.due = self.latest.take().map(|left| left + LEFTOVERS).filter(|due| *due > Instant::now());
    }
}

/// Asks a member. Where it takes nothing, or is not there, the answer's sender is dropped, and the receiver says so.
fn put<T>(member: &mpsc::Sender<Request>, request: impl Fn(oneshot::Sender<T>) -> Request) -> oneshot::Receiver<T> {
    let (answer, answered) = oneshot::channel();
    let _ = member.try_send(request(answer));
    answered
}

/// Waits until a member has turned, for a place among its requests first: who has much to do turns all the same. `false` where
/// it does not take the question, or drops it.
async fn has_turned(member: mpsc::Sender<Request>) -> bool {
    let (answer, turned) = oneshot::channel();
    member.send(Request::Turn(answer)).await.is_ok() && turned.await.is_ok()
}

fn apply(member: &mut MemberState, update: Update) {
    match update {
        Update::Relay(relay) => member.relay = relay,
        Update::Peer(peer) => match member.peers.iter_mut().find(|known| known.id == peer.id) {
            Some(known) => *known = *peer,
            None => member.peers.push(*peer),
        },
        Update::PeerGone(peer) => member.peers.retain(|known| known.id != peer),
        Update::LimitReached(limit) => *member.limits_reached.entry(limit).or_default() += 1,
        Update::Ignoring => member.penalties += 1,
        Update::Restarted(relay) => {
            member.relay = relay;
            member.peers.clear();
        }
    }
}

/// What the members will say to a request.
struct Answers(Vec<oneshot::Receiver<Answer>>);

impl Answers {
    /// How many peers were reached. A peer is in few rooms, so most members do not know it.
    async fn joined(self, peer: Option<&PeerId>) -> Answer {
        let answers = join_all(self.0).await.into_iter().map(|answer| answer.unwrap_or(Err(CommandError::Busy)));
        let (reached, errors): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
        let reached: usize = reached.into_iter().flatten().sum();
        let Some(peer) = peer.filter(|_| reached == 0) else { return Ok(reached) };
        let mut telling = errors.into_iter().filter_map(Result::err);
        let telling = telling.find(|error| !matches!(error, CommandError::NoSuchPeer(_)));
        Err(telling.unwrap_or_else(|| CommandError::NoSuchPeer(peer.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_cleared_up_however_often_somebody_leaves() {
        let (mut leftovers, begun) = (Leftovers::default(), Instant::now());
        let mut cleared_up = 0;
        let mut leaving = tokio::time::interval(Duration::from_secs(3));
        while begun.elapsed() < Duration::from_secs(60) {
            tokio::select! {
                _ = leaving.tick() => leftovers.come(Instant::now()),
                () = leftovers.due() => cleared_up += 1,
            }
        }
        assert_eq!(cleared_up, 6, "each nine seconds");
        let (last, mut last_cleared_up) = (Instant::now(), begun);
        let idle = tokio::time::timeout(Duration::from_secs(600), async {
            loop {
                leftovers.due().await;
                last_cleared_up = Instant::now();
            }
        });
        assert!(idle.await.is_err(), "not without end");
        assert_eq!(last_cleared_up - last, LEFTOVERS, "what the last one has left, too");
    }
}
