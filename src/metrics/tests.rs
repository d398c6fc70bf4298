//! The table, filled, and its description for people.

use std::time::{Duration, SystemTime};

use super::*;
use crate::{
    ids::{MemberKey, PeerId},
    limit::Limit,
    report::{Connection, DiskState, MemberState, PeerState, RelayState, ServerState, State},
};

fn seen(gateway: State) -> String {
    let servers = ServerState {
        connections_full: 7,
        certificate_end: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000)),
    };
    exposition(Sight { gateway, servers })
}

fn full() -> State {
    let peer =
        |id: &str, connection| PeerState { connection, ..PeerState::met(PeerId::new(id).unwrap(), SystemTime::now()) };
    let member = MemberState {
        key: MemberKey(0),
        id: PeerId::new("front \"door\"").unwrap(),
        room: "wss://relay/yard".to_owned(),
        relay: RelayState::Away { since: SystemTime::now(), why: String::new() },
        peers: vec![peer("ann", Connection::Connected), peer("bob", Connection::Connected)],
        limits_reached: [(Limit::Messages, 3)].into(),
        penalties: 2,
    };
    let disk = DiskState {
        dir: "/srv".to_owned(),
        free: Some(1 << 40),
        kept: 5000,
        segments: 3,
        hours_left: Some(1.5),
        problem: Some("full".to_owned()),
    };
    State { members: vec![member], disk: Some(disk), ..State::default() }
}

#[test]
fn values_are_those_of_the_state() {
    let text = seen(full());
    for line in [
        "peergate_relay_connected{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\"} 0.0",
        "peergate_peers{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\",connection=\"connected\"} 2.0",
        "peergate_peers{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\",connection=\"closing\"} 0.0",
        "peergate_limit_reached_total{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\",limit=\"messages\"} 3.0",
        "peergate_limit_reached_total{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\",limit=\"sources\"} 0.0",
        "peergate_penalties_total{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\"} 2.0",
        "peergate_recordings{member=\"front \\\"door\\\"\",state=\"failed\"} 0.0",
        "peergate_recording_disk_failed 1.0",
        "peergate_recording_disk_free_bytes 1099511627776.0",
        "peergate_recording_disk_left_seconds 5400.0",
        "peergate_connections_full_total 7.0",
        "peergate_certificate_end_seconds 2000000000.0",
        "# EOF",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("\"ann\""), "no label is a stranger's choice");
}

#[test]
fn members_of_one_id_are_told_apart_by_their_rooms() {
    let mut state = full();
    let twin = MemberState {
        room: "wss://relay/street".to_owned(),
        relay: RelayState::Connected { since: SystemTime::now() },
        ..state.members[0].clone()
    };
    state.members.push(twin);
    let text = seen(state);
    let series: Vec<_> = text.lines().filter_map(|line| line.rsplit_once(' ').map(|(series, _)| series)).collect();
    let mut once = series.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), series.len(), "each series has one sample: {text}");
    for line in [
        "peergate_relay_connected{member=\"front \\\"door\\\"\",room=\"wss://relay/yard\"} 0.0",
        "peergate_relay_connected{member=\"front \\\"door\\\"\",room=\"wss://relay/street\"} 1.0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_is_not_known_has_no_sample() {
    let text = exposition(Sight::default());
    assert!(!text.contains("peergate_recording_disk") && !text.contains("peergate_certificate"), "{text}");
}

#[test]
fn people_are_told_of_each_name_and_of_no_other() {
    let unit = |metric: &Metric| metric.unit.as_ref().map_or(String::new(), |unit| format!("_{}", unit.as_str()));
    let total = |metric: &Metric| if metric.kind == Kind::Counter { "_total" } else { "" };
    let named = table::TABLE.iter().map(|metric| {
        let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
        (format!("peergate_{}{}{}", metric.name, unit(metric), total(metric)), kind, metric.help)
    });
    let told = include_str!("../../docs/metrics.md").lines().filter(|line| line.starts_with("| `peergate_"));
    let told: Vec<Vec<_>> = told.map(|line| line.split(" | ").collect()).collect();
    let told =
        told.iter().map(|row| (row[0].trim_matches(['|', ' ', '`']).to_owned(), row[1], row[3].trim_end_matches(" |")));
    assert_eq!(named.collect::<Vec<_>>(), told.collect::<Vec<_>>());
}
