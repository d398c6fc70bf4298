//! Whether the rooms of the configuration work: a second peer enters each, and counts what the daemon sends it.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::Finding;
use crate::{
    appearance,
    codec::MediaKind,
    config::{Member, Settings},
    gateway,
    recording::{self, Wanted},
    report::{Connection, MemberState, PeerState, RelayState, State},
    trust::Side,
};

const ABOUT: &str = "rooms";

/// How long the relay may take.
const RELAY_LIMIT: Duration = Duration::from_secs(5);

/// For all of it. A connection alone may take 10 s.
const LIMIT: Duration = Duration::from_secs(15);

/// How many frames of each kind show that they flow: one might be a last one.
const FRAMES: u64 = 10;

/// Enters each room beside the daemon, which has to run. Within a tokio runtime, with GLib's main loop started.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let listening = settings.http.as_ref().map(|http| http.listen);
    let viewer = appearance::gateway(&viewers(settings), listening).map_err(|error| error.to_string());
    let viewer = viewer.map(asked_for_keys);
    let viewer = match viewer.and_then(|viewer| gateway::start(viewer).map_err(|error| error.to_string())) {
        Ok(viewer) => viewer,
        Err(error) => return vec![Finding::failure(ABOUT, error)],
    };
    let sights = look(settings, viewer.access.state.clone()).await;
    viewer.stop().await;
    settings.members.iter().zip(sights).map(|(member, sight)| finding(member, &sight)).collect()
}

/// The furthest that it gets with each room, until all is seen in all of them or the time is up. A connection that is given
/// up is gone from the state, so what was seen of it counts.
async fn look(settings: &Settings, mut state: watch::Receiver<State>) -> Vec<Sight> {
    let begun = Instant::now();
    let see = |state: &State| -> Vec<Sight> {
        settings.members.iter().zip(&state.members).map(|(member, state)| Sight::of(member, state)).collect()
    };
    let mut furthest = see(&state.borrow_and_update());
    while !furthest.iter().all(|sight| sight.seen == Seen::Frames) {
        let is_outside = furthest.iter().all(|sight| matches!(sight.seen, Seen::NoRelay(_)));
        let limit = if is_outside { RELAY_LIMIT } else { LIMIT };
        let Ok(Ok(())) = timeout_at(begun + limit, state.changed()).await else { break };
        for (sight, now) in furthest.iter_mut().zip(see(&state.borrow_and_update())) {
            if now.seen.rank() >= sight.seen.rank() {
                *sight = now;
            }
        }
    }
    furthest
}

/// Members that only look, under names of their own. The folder of recordings is the daemon's: theirs is never made.
fn viewers(settings: &Settings) -> Settings {
    let viewer =
        |member: &Member| Member { id: None, video: None, audio: None, record: Wanted::NONE, ..member.clone() };
    let dir = std::env::temp_dir().join(format!("peergate-doctor-{}", std::process::id()));
    Settings {
        members: settings.members.iter().map(viewer).collect(),
        sources: Vec::new(),
        record: recording::Settings { dir, ..recording::Settings::default() },
        ..settings.clone()
    }
}

/// Where the room has a key, the daemon is who asks for it.
fn asked_for_keys(mut viewers: gateway::Settings) -> gateway::Settings {
    for trust in viewers.members.iter_mut().filter_map(|viewer| viewer.peer.trust.as_mut()) {
        trust.side = Side::Peer;
    }
    viewers
}

/// What was seen of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sight {
    /// Its address.
    room: String,
    seen: Seen,
    /// How many frames had come by then, in words.
    counted: String,
}

impl Sight {
    fn of(member: &Member, state: &MemberState) -> Self {
        let sum = |kind| state.peers.iter().map(|peer| frames(peer, kind)).sum::<u64>();
        let counted = format!("frames {}, packets of sound {}", sum(MediaKind::Video), sum(MediaKind::Audio));
        Self { room: state.room.clone(), seen: Seen::of(member, state), counted }
    }
}

/// How far it got with a room.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Not to the relay.
    NoRelay(String),
    /// The daemon is not in the room, or does not call.
    Nobody,
    /// It calls, and no connection comes of it; with ICE's word.
    NoConnection(String),
    /// It is connected, and sends not all that it should.
    NoFrames,
    /// All of it flows.
    Frames,
}

impl Seen {
    fn of(member: &Member, state: &MemberState) -> Self {
        if let RelayState::Away { why, .. } = &state.relay {
            return Self::NoRelay(why.clone());
        }
        // Where it has a random name, whoever sends most is taken for it.
        let is_it = |peer: &&PeerState| member.id.as_ref().is_none_or(|id| *id == peer.id);
        let of_peer = |peer: &PeerState| match peer.connection {
            Connection::Connected if flows(member, peer) => Self::Frames,
            Connection::Connected => Self::NoFrames,
            Connection::Negotiating | Connection::Closing => Self::NoConnection(peer.ice.clone()),
        };
        state.peers.iter().filter(is_it).map(of_peer).max_by_key(Self::rank).unwrap_or(Self::Nobody)
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::NoRelay(_) => 0,
            Self::Nobody => 1,
            Self::NoConnection(_) => 2,
            Self::NoFrames => 3,
            Self::Frames => 4,
        }
    }
}

fn flows(member: &Member, peer: &PeerState) -> bool {
    let of_kind = |kind| frames(peer, kind) >= FRAMES;
    (member.video.is_none() || of_kind(MediaKind::Video)) && (member.audio.is_none() || of_kind(MediaKind::Audio))
}

fn frames(peer: &PeerState, kind: MediaKind) -> u64 {
    peer.receiving.iter().filter(|track| track.kind == kind).map(|track| track.frames).sum()
}

fn finding(member: &Member, sight: &Sight) -> Finding {
    let Sight { room, seen, counted } = sight;
    let who = member.id.as_ref().map_or_else(|| "the daemon".to_owned(), ToString::to_string);
    match seen {
        Seen::NoRelay(why) => Finding::failure(ABOUT, format!("{room}: the relay can't be reached: {why}"))
            .mended_by("sudo systemctl start peergate, where the room is its own; else start the relay"),
        Seen::Nobody => Finding::failure(ABOUT, format!("{room}: nobody there calls a newcomer; {who} should"))
            .mended_by("sudo systemctl start peergate"),
        // They are what ICE calls a connection that it has found.
        Seen::NoConnection(ice) if member.trust.is_some() && ["connected", "completed"].contains(&ice.as_str()) => {
            let what =
                format!("{room}: {who} does not take a proof of the key that is configured, or gives none itself");
            Finding::failure(ABOUT, what).mended_by("sudo systemctl reload peergate, which has it read the key, too")
        }
        Seen::NoConnection(ice) => {
            let what = format!("{room}: no connection to {who} in {} s; ICE is {ice}", LIMIT.as_secs());
            Finding::failure(ABOUT, what)
                .mended_by("let UDP through between the two, or name a TURN server in [ice] turn")
        }
        Seen::NoFrames => {
            let what = format!("{room}: {who} is connected, and sends not all that it should: {counted}");
            Finding::failure(ABOUT, what).mended_by("look at what GET /api/state says of its sources")
        }
        Seen::Frames => Finding::ok(ABOUT, format!("{room}: {who} is connected and sends: {counted}")),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::SystemTime};

    use super::*;
    use crate::{
        codec::Codec,
        config,
        ids::{MemberKey, PeerId},
        redact::Redacted,
        report::TrackState,
        trust::Key,
    };

    fn peer(id: &str, connection: Connection, pictures: u64, sounds: u64) -> PeerState {
        let track = |kind, codec, frames| TrackState { kind, codec, rung: None, bytes: 0, frames, dropped: 0 };
        PeerState {
            connection,
            ice: "checking".to_owned(),
            receiving: vec![
                track(MediaKind::Video, Codec::Vp8, pictures),
                track(MediaKind::Audio, Codec::Opus, sounds),
            ],
            ..PeerState::met(PeerId::new(id).unwrap(), SystemTime::UNIX_EPOCH)
        }
    }

    /// What is seen of a daemon, named or not, by who is in its room with these.
    fn seen(name: &str, peers: Vec<PeerState>) -> Seen {
        let member = config::parse(&format!("[[member]]\n{name}")).unwrap().members.remove(0);
        let relay = RelayState::Connected { since: SystemTime::UNIX_EPOCH };
        let id = PeerId::new("viewer").unwrap();
        let limits_reached = BTreeMap::new();
        let (key, room) = (MemberKey(0), String::new());
        Seen::of(&member, &MemberState { key, id, room, relay, peers, limits_reached, penalties: 0 })
    }

    #[test]
    fn all_that_the_daemon_should_send_has_to_come() {
        use Connection::{Connected, Negotiating};
        let front = |connection, pictures, sounds| vec![peer("front", connection, pictures, sounds)];
        assert_eq!(seen("id = 'front'", Vec::new()), Seen::Nobody);
        assert_eq!(seen("id = 'front'", front(Negotiating, 0, 0)), Seen::NoConnection("checking".to_owned()));
        assert_eq!(seen("id = 'front'", front(Connected, FRAMES, 0)), Seen::NoFrames);
        assert_eq!(seen("id = 'front'", front(Connected, FRAMES, FRAMES)), Seen::Frames);
        assert_eq!(seen("id = 'front'\naudio = 'none'", front(Connected, FRAMES, 0)), Seen::Frames);
    }

    #[test]
    fn a_daemon_without_a_name_is_whoever_sends_most() {
        use Connection::{Connected, Negotiating};
        let others =
            || vec![peer("a", Negotiating, 0, 0), peer("b", Connected, FRAMES, FRAMES), peer("c", Connected, 0, 0)];
        assert_eq!(seen("", others()), Seen::Frames);
        assert_eq!(seen("id = 'c'", others()), Seen::NoFrames);
    }

    #[test]
    fn where_there_is_a_key_what_ends_at_the_proof_is_told_from_what_does_not_get_through() {
        let said = |trust: Option<&config::Trust>, ice: &str| {
            let member = config::parse("[[member]]\nid = 'front'").unwrap().members.remove(0);
            let member = Member { trust: trust.cloned(), ..member };
            let (room, counted) = ("yard".to_owned(), String::new());
            finding(&member, &Sight { room, seen: Seen::NoConnection(ice.to_owned()), counted }).what
        };
        let key = Key::new(Redacted::new("a key of some length".to_owned())).unwrap();
        let trust = Some(&config::Trust { key, room: String::new() });
        assert!(said(trust, "connected").contains("does not take a proof of the key"));
        assert!(said(trust, "checking").contains("no connection to front"));
        assert!(said(None, "connected").contains("no connection to front"));
    }
}
