//! What peers may ask the box itself, in a message that begins with a slash. Whoever is let into the room can ask.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use serde::Serialize;
use tracing::info;

use super::{Messages, Next, Received, send};
use crate::{
    codec::MediaKind,
    gateway::Access,
    ids::{MemberKey, Members, PeerId, RecordingId, SourceName},
    pace::Pace,
    recorder::Order,
    recording::Wanted,
    report::{Condition, Message, PeerState},
};

/// Answers a second, to all peers of all rooms together, and so many at once.
const PER_SECOND: u32 = 2;
const BURST: u32 = 10;

/// What they may be allowed to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `/state`: how the box and the connection to who asks do.
    State,
    /// `/record start` and `/record stop`: whether what everybody in the room sends is recorded, us included.
    Record,
}

/// What one asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    State,
    StartRecording,
    StopRecording,
}

/// What it is answered, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    State(Box<Shown>),
    /// So many recordings run of what everybody sends.
    Recording(usize),
    /// So many have ended that were begun from here.
    Ended(usize),
    Error(String),
}

/// As much of the state as is a peer's business.
#[derive(Debug, Serialize)]
struct Shown {
    /// Our id in its room.
    member: PeerId,
    sources: Vec<ShownSource>,
    /// How many recordings run, in all rooms.
    recordings: usize,
    /// The connection to who asks.
    you: Option<PeerState>,
}

#[derive(Debug, Serialize)]
struct ShownSource {
    name: SourceName,
    kind: MediaKind,
    state: &'static str,
}

/// Answers those that may be asked, for ever. Everything else is talk.
pub(super) async fn answer(asks: Vec<Ask>, gateway: Access) {
    let mut desk = Desk { gateway, recordings: HashMap::new() };
    let mut messages = Messages::of(&desk.gateway);
    let mut pace = Pace::new(PER_SECOND, BURST);
    while let Some(next) = messages.next().await {
        let Next::Message(received) = next else { continue };
        let Message::Text { text } = &received.message else { continue };
        let Some(question) = Question::parse(text).filter(|question| asks.contains(&question.ask())) else { continue };
        if !pace.admits(Instant::now()) {
            continue;
        }
        let Received { key, member, peer, .. } = &received;
        info!(%member, %peer, asks = text.trim(), "asked over the channel");
        let answer = desk.answer(question, &received).await;
        let text = serde_json::to_string(&answer).expect("texts and numbers are always JSON");
        if let Err(error) = send(&desk.gateway, Members::One(*key), Some(peer.clone()), Message::Text { text }).await {
            tracing::debug!(%peer, %error, "the answer does not reach the peer");
        }
    }
}

struct Desk {
    gateway: Access,
    /// What was begun here, by the member in whose room it was asked for.
    recordings: HashMap<MemberKey, HashSet<RecordingId>>,
}

impl Desk {
    async fn answer(&mut self, question: Question, asked: &Received) -> Answer {
        match question {
            Question::State => Answer::State(Box::new(self.state(asked))),
            Question::StartRecording => self.start(asked.key).await,
            Question::StopRecording => self.stop(asked.key).await,
        }
    }

    fn state(&self, Received { key, member, peer, .. }: &Received) -> Shown {
        let state = self.gateway.state.borrow();
        let ours = state.members.iter().find(|one| one.key == *key);
        let you = ours.and_then(|ours| ours.peers.iter().find(|one| one.id == *peer).cloned());
        let sources = state.sources.iter().map(|source| {
            let state = match source.condition {
                Condition::Idle => "idle",
                Condition::Starting => "starting",
                Condition::Running => "running",
                Condition::Failed { .. } => "failed",
            };
            ShownSource { name: source.name.clone(), kind: source.kind, state }
        });
        Shown { member: member.clone(), sources: sources.collect(), recordings: state.recordings.len(), you }
    }

    async fn start(&mut self, member: MemberKey) -> Answer {
        let members = Members::One(member);
        let order = Order { members, peer: None, wanted: Wanted::ALL, before: Duration::ZERO };
        let running = match self.gateway.recorder.order(order).await {
            Ok(running) => running,
            Err(error) => return Answer::Error(error.to_string()),
        };
        let count = running.len();
        // Those of peers that are gone are over.
        let mut ours = HashSet::new();
        for id in self.recordings.remove(&member).unwrap_or_default() {
            if self.gateway.recorder.runs(&id).await {
                ours.insert(id);
            }
        }
        // What was begun by somebody else is not to be ended from here.
        ours.extend(running.into_iter().filter(|one| one.is_fresh).map(|one| one.id));
        self.recordings.insert(member, ours);
        Answer::Recording(count)
    }

    async fn stop(&mut self, member: MemberKey) -> Answer {
        let mut count = 0;
        for id in self.recordings.remove(&member).unwrap_or_default() {
            // That of a peer that is gone is over already.
            count += usize::from(self.gateway.recorder.end(id).await.is_ok());
        }
        Answer::Ended(count)
    }
}

impl Question {
    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "/state" => Some(Self::State),
            "/record start" => Some(Self::StartRecording),
            "/record stop" => Some(Self::StopRecording),
            _ => None,
        }
    }

    const fn ask(self) -> Ask {
        match self {
            Self::State => Ask::State,
            Self::StartRecording | Self::StopRecording => Ask::Record,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_words_are_questions() {
        assert_eq!(Question::parse(" /record start\n"), Some(Question::StartRecording));
        for talk in ["state", "/states", "/record", "/record start now", "tell me your /state", ""] {
            assert_eq!(Question::parse(talk), None, "{talk}");
        }
    }
}
