//! What peers may ask the box itself, in a message that begins with a slash. Whoever is let into the room can ask.

use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    time::{Duration, Instant},
};

use serde::Serialize;
use tracing::info;

use super::{Gateway, Next, Received};
use crate::{
    codec::MediaKind,
    ids::{PeerId, RecordingId, SourceName},
    pace::Pace,
    recorder::Order,
    recording::Wanted,
    report::{Condition, Message, PeerState},
};

/// Answers a second, and so many at once, to one peer: a person does not read faster.
const TO_ONE: (u32, u32) = (1, 5);

/// The same to all peers of all rooms together.
const TO_ALL: (u32, u32) = (10, 40);

/// Peers of which is known how much they have asked of late. As long as so many ask, no others are answered.
const KNOWN: usize = 256;

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
pub(super) async fn answer(asks: Vec<Ask>, gateway: Gateway) {
    let mut desk = Desk { gateway, recordings: HashMap::new() };
    let mut messages = desk.gateway.messages();
    let mut paces = Paces::default();
    while let Some(next) = messages.next().await {
        let Next::Message(Received { member, peer, message: Message::Text { text } }) = next else { continue };
        let Some(question) = Question::parse(&text).filter(|question| asks.contains(&question.ask())) else { continue };
        if !paces.admit(Instant::now(), &member, &peer) {
            continue;
        }
        info!(%member, %peer, asks = text.trim(), "asked over the channel");
        let answer = desk.answer(question, &member, &peer).await;
        let text = serde_json::to_string(&answer).expect("texts and numbers are always JSON");
        if let Err(error) = desk.gateway.send(Some(member), Some(peer.clone()), Message::Text { text }).await {
            tracing::debug!(%peer, %error, "the answer does not reach the peer");
        }
    }
}

struct Desk {
    gateway: Gateway,
    /// What was begun here, by our id in the room where it was asked for.
    recordings: HashMap<PeerId, HashSet<RecordingId>>,
}

impl Desk {
    async fn answer(&mut self, question: Question, member: &PeerId, peer: &PeerId) -> Answer {
        match question {
            Question::State => Answer::State(Box::new(self.state(member, peer))),
            Question::StartRecording => self.start(member).await,
            Question::StopRecording => self.stop(member).await,
        }
    }

    fn state(&self, member: &PeerId, peer: &PeerId) -> Shown {
        let state = self.gateway.state.borrow();
        let ours = state.members.iter().find(|one| one.id == *member);
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

    async fn start(&mut self, member: &PeerId) -> Answer {
        let order = Order { member: Some(member.clone()), peer: None, wanted: Wanted::ALL, before: Duration::ZERO };
        let running = match self.gateway.recorder.order(order).await {
            Ok(running) => running,
            Err(error) => return Answer::Error(error.to_string()),
        };
        let count = running.len();
        // Those of peers that are gone are over.
        let mut ours = HashSet::new();
        for id in self.recordings.remove(member).unwrap_or_default() {
            if self.gateway.recorder.runs(&id).await {
                ours.insert(id);
            }
        }
        // What was begun by somebody else is not to be ended from here.
        ours.extend(running.into_iter().filter(|one| one.is_fresh).map(|one| one.id));
        self.recordings.insert(member.clone(), ours);
        Answer::Recording(count)
    }

    async fn stop(&mut self, member: &PeerId) -> Answer {
        let mut count = 0;
        for id in self.recordings.remove(member).unwrap_or_default() {
            // That of a peer that is gone is over already.
            count += usize::from(self.gateway.recorder.end(id).await.is_ok());
        }
        Answer::Ended(count)
    }
}

/// How fast answers may go out. Who asks on and on takes none from the others.
#[derive(Debug)]
struct Paces {
    all: Pace,
    /// By our id in the room and the peer's.
    each: BTreeMap<(PeerId, PeerId), Pace>,
}

impl Default for Paces {
    fn default() -> Self {
        Self { all: Pace::new(TO_ALL.0, TO_ALL.1), each: BTreeMap::new() }
    }
}

impl Paces {
    /// Counts a question of `now`, if it is to be answered.
    fn admit(&mut self, now: Instant, member: &PeerId, peer: &PeerId) -> bool {
        if self.each.len() >= KNOWN {
            self.each.retain(|_, pace| !pace.is_rested(now));
        }
        let is_full = self.each.len() >= KNOWN;
        let pace = match self.each.entry((member.clone(), peer.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => return false,
            Entry::Vacant(place) => place.insert(Pace::new(TO_ONE.0, TO_ONE.1)),
        };
        pace.admits(now) && self.all.admits(now)
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

    fn id(text: &str) -> PeerId {
        PeerId::new(text).unwrap()
    }

    #[test]
    fn who_asks_on_and_on_takes_no_answer_from_the_others() {
        let (mut paces, now) = (Paces::default(), Instant::now());
        let answered = (0..1000).filter(|_| paces.admit(now, &id("door"), &id("ann"))).count();
        assert_eq!(answered, 5);
        assert!(paces.admit(now, &id("door"), &id("bob")));
        assert!(paces.admit(now, &id("gate"), &id("ann")), "her namesake in another room");
        assert!(paces.admit(now + Duration::from_secs(1), &id("door"), &id("ann")));
    }

    #[test]
    fn all_together_are_answered_so_often_and_no_more_are_remembered() {
        let (mut paces, now) = (Paces::default(), Instant::now());
        let answered = (0..1000).filter(|number| paces.admit(now, &id("door"), &id(&number.to_string()))).count();
        assert_eq!((answered, paces.each.len()), (40, KNOWN));
        assert!(
            paces.admit(now + Duration::from_secs(1), &id("door"), &id("new")),
            "those that have rested are forgotten"
        );
        assert_eq!(paces.each.len(), 1);
    }

    #[test]
    fn only_the_whole_words_are_questions() {
        assert_eq!(Question::parse(" /record start\n"), Some(Question::StartRecording));
        for talk in ["state", "/states", "/record", "/record start now", "tell me your /state", ""] {
            assert_eq!(Question::parse(talk), None, "{talk}");
        }
    }
}
