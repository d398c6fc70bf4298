//! How it goes, in a line for people: `systemctl status` shows it. Pure.

use crate::report::{Condition, Connection, RelayState, State};

/// How it goes.
pub(super) fn of(state: &State) -> String {
    let peers = state.members.iter().flat_map(|member| &member.peers);
    let connected = peers.filter(|peer| peer.connection == Connection::Connected).count();
    let mut status = match connected {
        1 => "1 peer is connected".to_owned(),
        connected => format!("{connected} peers are connected"),
    };
    let away = state.members.iter().filter(|member| matches!(member.relay, RelayState::Away { .. }));
    append(&mut status, "without its relay", away.map(|member| member.id.as_str()));
    let failed = state.sources.iter().filter(|source| matches!(source.condition, Condition::Failed { .. }));
    append(&mut status, "gives nothing", failed.map(|source| source.name.as_str()));
    status
}

fn append<'a>(status: &mut String, what: &str, who: impl Iterator<Item = &'a str>) {
    let who: Vec<_> = who.collect();
    if !who.is_empty() {
        *status += &format!("; {what}: {}", who.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::SystemTime};

    use super::*;
    use crate::{
        codec::MediaKind,
        ids::{MemberKey, PeerId, SourceName},
        report::{MemberState, PeerState, SourceState},
    };

    fn peer(id: &str, connection: Connection) -> PeerState {
        PeerState { connection, ..PeerState::met(PeerId::new(id).unwrap(), SystemTime::UNIX_EPOCH) }
    }

    fn source(name: &str, condition: Condition) -> SourceState {
        SourceState {
            name: SourceName::new(name).unwrap(),
            kind: MediaKind::Video,
            spec: "camera".to_owned(),
            condition,
            size: None,
            frames: 0,
            capture_to_wire: None,
        }
    }

    #[test]
    fn who_is_connected_comes_first_and_then_what_is_wrong() {
        let since = SystemTime::UNIX_EPOCH;
        let mut member = MemberState {
            key: MemberKey(0),
            id: PeerId::new("front-door").unwrap(),
            room: "wss://relay.example/room".to_owned(),
            relay: RelayState::Connected { since },
            peers: vec![peer("ann", Connection::Connected), peer("bob", Connection::Negotiating)],
            limits_reached: BTreeMap::new(),
            penalties: 0,
        };
        let mut state = State { members: vec![member.clone()], ..State::default() };
        assert_eq!(of(&state), "1 peer is connected");
        member.relay = RelayState::Away { since, why: "no answer".to_owned() };
        member.peers.clear();
        state.members = vec![member];
        let why = "it is not there".to_owned();
        state.sources = vec![source("front", Condition::Failed { why }), source("back", Condition::Running)];
        assert_eq!(of(&state), "0 peers are connected; without its relay: front-door; gives nothing: front");
    }
}
