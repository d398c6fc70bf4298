//! States of a daemon, made up: with everything that there can be, and with what changes within a second.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use peergate::{
    codec::{Codec, MediaKind},
    ice::{CandidateKind, Transport, Way},
    ids::{MemberKey, PeerId, RecordingId, SourceName},
    limit::Limit,
    quality::verdict::{Grade, Verdict},
    report::{
        CaptureToWire, ChannelState, Condition, Connection, DiskState, EncoderState, LinkState, MemberState, PeerState,
        RecordingCondition, RecordingState, RelayState, Replaced, SourceState, State, TrackState,
    },
    units::{Bitrate, Size},
};

/// When all of it is looked at: 2026-11-30T14:00:00Z.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_047_200)
}

fn ago(seconds: u64) -> SystemTime {
    now() - Duration::from_secs(seconds)
}

fn id(text: &str) -> PeerId {
    PeerId::new(text).unwrap()
}

/// Everything that there can be, each kind of a thing once at least.
pub(crate) fn full() -> State {
    State {
        pipelines_left_behind: 1,
        members: vec![
            MemberState {
                key: MemberKey(0),
                id: id("front-door"),
                room: "wss://relay.example/room".to_owned(),
                relay: RelayState::Connected { since: ago(7200) },
                peers: vec![connected("ann", 0), connected("bob", 1), negotiating(), closing()],
                limits_reached: BTreeMap::from([(Limit::Messages, 3)]),
                penalties: 1,
            },
            MemberState {
                key: MemberKey(1),
                id: id("back-door"),
                room: "wss://elsewhere.example/yard".to_owned(),
                relay: RelayState::Away { since: ago(30), why: "connection refused".to_owned() },
                peers: Vec::new(),
                limits_reached: BTreeMap::new(),
                penalties: 0,
            },
        ],
        sources: vec![
            SourceState {
                frames: 9000,
                size: Some(Size { width: 1280, height: 720 }),
                capture_to_wire: Some(CaptureToWire { p50_ms: 3.8, p95_ms: 6.5 }),
                ..source("picture", MediaKind::Video, Condition::Running)
            },
            source("yard", MediaKind::Video, Condition::Failed { why: "no camera is there".to_owned() }),
            source("sound", MediaKind::Audio, Condition::Starting),
            source("spare", MediaKind::Audio, Condition::Idle),
        ],
        encoders: vec![encoder(0, Condition::Running), encoder(1, Condition::Starting), encoder(2, Condition::Idle)],
        recordings: vec![
            recording("389128a099d7", Some("ann"), RecordingCondition::Recording),
            recording("389128a099d8", Some("bob"), RecordingCondition::Silent { since: ago(8) }),
            recording("389128a099d9", None, RecordingCondition::Failed { why: "the disk is full".to_owned() }),
            RecordingState { file: None, ..recording("389128a099da", Some("new"), RecordingCondition::Starting) },
        ],
        disk: Some(DiskState {
            dir: "/var/lib/peergate".to_owned(),
            free: Some(12_300_000_000),
            kept: 3_400_000_000,
            segments: 42,
            hours_left: Some(13.5),
            problem: Some("the disk is full".to_owned()),
        }),
    }
}

/// The same a second later: ann got 250,000 bytes and 30 pictures were captured, encoded and recorded.
pub(crate) fn a_second_later() -> State {
    let mut state = full();
    state.members[0].peers[0].sending[0].bytes += 250_000;
    state.sources[0].frames += 30;
    state.encoders[0].frames += 30;
    state.encoders[0].bytes += 250_000;
    state.recordings[0].bytes += 125_000;
    state
}

fn connected(name: &str, rung: usize) -> PeerState {
    PeerState {
        id: id(name),
        connection: Connection::Connected,
        ice: "completed".to_owned(),
        since: ago(300),
        way: Some(Way { local: CandidateKind::Host, remote: CandidateKind::Relay, transport: Transport::Udp }),
        verdict: Some(Verdict { grade: Grade::Fair, words: "uplink loss 7 %".to_owned() }),
        link: Some(LinkState {
            estimate: Some(Bitrate::from_bits(3_000_000)),
            by_arrival: true,
            lost: Some(0.074),
            round_trip_ms: Some(31.25),
        }),
        sending: vec![
            TrackState { rung: Some(rung), ..track(MediaKind::Video, Codec::H264) },
            track(MediaKind::Audio, Codec::Opus),
        ],
        receiving: vec![track(MediaKind::Video, Codec::Vp8)],
        channel: Some(ChannelState {
            label: "chat".to_owned(),
            open: true,
            buffered: 0,
            sent: 3,
            received: 4,
            dropped: 0,
        }),
    }
}

fn negotiating() -> PeerState {
    PeerState { ice: "checking".to_owned(), ..PeerState::met(id("new"), ago(1)) }
}

fn closing() -> PeerState {
    let nothing_known = LinkState { estimate: None, by_arrival: false, lost: None, round_trip_ms: None };
    PeerState {
        id: id("gone"),
        connection: Connection::Closing,
        link: Some(nothing_known),
        sending: vec![track(MediaKind::Video, Codec::H264)],
        ..negotiating()
    }
}

fn track(kind: MediaKind, codec: Codec) -> TrackState {
    TrackState { kind, codec, rung: None, bytes: 1_000_000, frames: 900, dropped: 2 }
}

fn source(name: &str, kind: MediaKind, condition: Condition) -> SourceState {
    let name = SourceName::new(name).unwrap();
    SourceState { name, kind, spec: "test".to_owned(), condition, size: None, frames: 0, capture_to_wire: None }
}

fn encoder(rung: usize, condition: Condition) -> EncoderState {
    let replaced = Replaced { element: "vah264enc".to_owned(), why: "it stalled".to_owned(), since: ago(60) };
    EncoderState {
        source: SourceName::new("picture").unwrap(),
        codec: Codec::H264,
        rung,
        element: "x264enc".to_owned(),
        replaced: Some(replaced).filter(|_| rung == 0),
        condition,
        bitrate: Bitrate::from_bits(2_000_000),
        takers: 1,
        offered: 0,
        frames: 8900,
        keyframes: 12,
        bytes: 70_000_000,
    }
}

fn recording(name: &str, peer: Option<&str>, condition: RecordingCondition) -> RecordingState {
    RecordingState {
        id: RecordingId::new(name).unwrap(),
        member: id("front-door"),
        peer: peer.map(id),
        since: ago(240),
        condition,
        file: Some("front-door/ann/2026-11-30T13-56-00.000Z.mkv".to_owned()),
        segments: 1,
        bytes: 60_000_000,
        dropped: 0,
    }
}
