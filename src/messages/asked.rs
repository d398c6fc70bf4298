//! What peers may ask the box itself, in a message that begins with a slash. Whoever is let into the room can ask.

use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use tokio::task::JoinSet;
use tracing::info;

use super::{Messages, Next, Received, send, snapshot};
use crate::{
    codec::MediaKind,
    gateway::Access,
    ids::{MemberKey, Members, PeerId, RecordingId, SourceName},
    pace::Pace,
    recorder::Order,
    recording::Wanted,
    report::{Condition, Message, PeerState},
    studio::Snapshot,
    units::Size,
};

/// Answers a second, and so many at once, to one peer: a person does not read faster.
const TO_ONE: (u32, u32) = (1, 5);

/// The same to all peers of all rooms together.
const TO_ALL: (u32, u32) = (10, 40);

/// Peers of which is known how much they have asked of late. As long as so many ask, no others are answered.
const KNOWN: usize = 256;

/// Pictures that are taken at once. Each may take some seconds, where its source has to be opened first.
const PICTURES: usize = 4;

/// What they may be allowed to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `/state`: how the box and the connection to who asks do.
    State,
    /// `/snapshot` and `/snapshot SOURCE`: what a source shows.
    Snapshot,
    /// `/record start` and `/record stop`: whether what everybody in the room sends is recorded, us included.
    Record,
}

/// What one asks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    State,
    /// Of this source; else of the first one with pictures.
    Snapshot(Option<SourceName>),
    StartRecording,
    StopRecording,
}

/// What it is answered, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    State(Box<Shown>),
    Snapshot(Picture),
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

/// A picture, to be shown as `data:image/jpeg;base64,` and its `jpeg`.
#[derive(Debug, Serialize)]
struct Picture {
    source: SourceName,
    width: u32,
    height: u32,
    /// In base64.
    jpeg: String,
}

/// Answers those that may be asked, for ever. Everything else is talk.
pub(super) async fn answer(asks: Vec<Ask>, gateway: Access) {
    let mut desk = Desk { gateway, recordings: HashMap::new() };
    let mut messages = Messages::of(&desk.gateway);
    let mut paces = Paces::default();
    let mut pictures = JoinSet::new();
    while let Some(next) = messages.next().await {
        let Next::Message(received) = next else { continue };
        let Message::Text { text } = &received.message else { continue };
        let Some(question) = Question::parse(text).filter(|question| asks.contains(&question.ask())) else { continue };
        if !paces.admit(Instant::now(), received.key, &received.peer) {
            continue;
        }
        let Received { key, member, peer, .. } = &received;
        info!(%member, %peer, asks = text.trim(), "asked over the channel");
        let answer = match question {
            Question::State => Answer::State(Box::new(desk.state(&received))),
            Question::StartRecording => desk.start(*key).await,
            Question::StopRecording => desk.stop(*key).await,
            Question::Snapshot(source) => {
                while pictures.try_join_next().is_some() {}
                if pictures.len() < PICTURES {
                    // A camera takes its time to open: others are answered meanwhile.
                    let gateway = desk.gateway.clone();
                    pictures.spawn(async move { tell(&gateway, &received, &picture(&gateway, source).await).await });
                    continue;
                }
                Answer::Error("as many pictures as can be are being taken; ask again".to_owned())
            }
        };
        tell(&desk.gateway, &received, &answer).await;
    }
}

async fn tell(gateway: &Access, Received { key, peer, .. }: &Received, answer: &Answer) {
    let text = answer.to_text();
    if let Err(error) = send(gateway, Members::One(*key), Some(peer.clone()), Message::Text { text }).await {
        tracing::debug!(%peer, %error, "the answer does not reach the peer");
    }
}

async fn picture(gateway: &Access, source: Option<SourceName>) -> Answer {
    let first = || {
        let state = gateway.state.borrow();
        state.sources.iter().find(|source| source.kind == MediaKind::Video).map(|source| source.name.clone())
    };
    let Some(source) = source.or_else(first) else { return Answer::Error("the box shows no pictures".to_owned()) };
    match snapshot(gateway, source.clone(), most_bytes(&source)).await {
        Ok(Snapshot { jpeg, size: Size { width, height } }) => {
            Answer::Snapshot(Picture { source, width, height, jpeg: STANDARD.encode(jpeg) })
        }
        Err(error) => Answer::Error(error),
    }
}

/// How many bytes a picture of `source` may have, so that what it is answered with is no longer than a message may be.
fn most_bytes(source: &SourceName) -> usize {
    let (source, jpeg) = (source.clone(), String::new());
    let around = Answer::Snapshot(Picture { source, width: u32::MAX, height: u32::MAX, jpeg }).to_text();
    // Base64 writes three bytes with four (RFC 4648, section 4).
    Message::MAX_BYTES.saturating_sub(around.len()) / 4 * 3
}

struct Desk {
    gateway: Access,
    /// What was begun here, by the member in whose room it was asked for.
    recordings: HashMap<MemberKey, HashSet<RecordingId>>,
}

impl Desk {
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

/// How fast answers may go out. Who asks on and on takes none from the others.
#[derive(Debug)]
struct Paces {
    all: Pace,
    /// By the member in whose room it is asked, and the peer.
    each: BTreeMap<(MemberKey, PeerId), Pace>,
}

impl Default for Paces {
    fn default() -> Self {
        Self { all: Pace::new(TO_ALL.0, TO_ALL.1), each: BTreeMap::new() }
    }
}

impl Paces {
    /// Counts a question of `now`, if it is to be answered.
    fn admit(&mut self, now: Instant, member: MemberKey, peer: &PeerId) -> bool {
        if self.each.len() >= KNOWN {
            self.each.retain(|_, pace| !pace.is_rested(now));
        }
        let is_full = self.each.len() >= KNOWN;
        let pace = match self.each.entry((member, peer.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => return false,
            Entry::Vacant(place) => place.insert(Pace::new(TO_ONE.0, TO_ONE.1)),
        };
        pace.admits(now) && self.all.admits(now)
    }
}

impl Answer {
    fn to_text(&self) -> String {
        // Texts and numbers are always JSON; an empty message would not be sent.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Question {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("/snapshot ") {
            return SourceName::new(name.trim_start()).ok().map(|name| Self::Snapshot(Some(name)));
        }
        match text {
            "/state" => Some(Self::State),
            "/snapshot" => Some(Self::Snapshot(None)),
            "/record start" => Some(Self::StartRecording),
            "/record stop" => Some(Self::StopRecording),
            _ => None,
        }
    }

    const fn ask(&self) -> Ask {
        match self {
            Self::State => Ask::State,
            Self::Snapshot(_) => Ask::Snapshot,
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
        let answered = (0..1000).filter(|_| paces.admit(now, MemberKey(1), &id("ann"))).count();
        assert_eq!(answered, 5);
        assert!(paces.admit(now, MemberKey(1), &id("bob")));
        assert!(paces.admit(now, MemberKey(2), &id("ann")), "her namesake in another room");
        assert!(paces.admit(now + Duration::from_secs(1), MemberKey(1), &id("ann")));
    }

    #[test]
    fn all_together_are_answered_so_often_and_no_more_are_remembered() {
        let (mut paces, now) = (Paces::default(), Instant::now());
        let answered = (0..1000).filter(|number| paces.admit(now, MemberKey(1), &id(&number.to_string()))).count();
        assert_eq!((answered, paces.each.len()), (40, KNOWN));
        assert!(
            paces.admit(now + Duration::from_secs(1), MemberKey(1), &id("new")),
            "those that have rested are forgotten"
        );
        assert_eq!(paces.each.len(), 1);
    }

    #[test]
    fn only_the_whole_words_are_questions() {
        assert_eq!(Question::parse(" /record start\n"), Some(Question::StartRecording));
        let name = SourceName::new("front door").unwrap();
        assert_eq!(Question::parse("/snapshot  front door"), Some(Question::Snapshot(Some(name))));
        assert_eq!(Question::parse("/snapshot "), Some(Question::Snapshot(None)));
        for talk in ["/snapshots", "state", "/states", "/record", "/record start now", "tell me your /state", ""] {
            assert_eq!(Question::parse(talk), None, "{talk}");
        }
    }

    #[test]
    fn a_picture_of_any_source_fits_into_a_message() {
        for name in ["a".to_owned(), "\"".repeat(256)] {
            let source = SourceName::new(name).unwrap();
            let jpeg = STANDARD.encode(vec![255; most_bytes(&source)]);
            let answer = Answer::Snapshot(Picture { source, width: 7680, height: 4320, jpeg }).to_text();
            assert!((Message::MAX_BYTES - 32..=Message::MAX_BYTES).contains(&answer.len()), "{}", answer.len());
        }
    }
}
