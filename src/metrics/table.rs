//! The table of names.

use std::{collections::BTreeSet, time::SystemTime};

use prometheus_client::registry::Unit;

use super::{
    Kind::{Counter, Gauge},
    Metric, Samples, Sight,
};
use crate::{
    limit::Limit,
    report::{
        Condition, Connection, DiskState, EncoderState, MemberState, RecordingCondition, RelayState, SourceState, State,
    },
};

/// Everything that is measured. docs/metrics.md says the same to people, and a test compares.
pub(super) const TABLE: &[Metric] = &[
    Metric {
        name: "version",
        help: "1; what runs is in the label",
        unit: None,
        kind: Gauge,
        read: |_, to| to.add([("version", &env!("CARGO_PKG_VERSION"))], 1),
    },
    Metric {
        name: "relay_connected",
        help: "Whether the relay of a room is there",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            to.of_members(state, |member| f64::from(matches!(member.relay, RelayState::Connected { .. })))
        },
    },
    Metric {
        name: "peers",
        help: "Peers in a room by where their connection is",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            let connections = [
                ("negotiating", Connection::Negotiating),
                ("connected", Connection::Connected),
                ("closing", Connection::Closing),
            ];
            to.of_members_by(state, "connection", |member| {
                let count = |one| member.peers.iter().filter(|peer| peer.connection == one).count();
                connections.map(|(name, connection)| (name, count(connection) as f64))
            });
        },
    },
    Metric {
        name: "limit_reached",
        help: "How often somebody in a room took too much of what there is a limit to",
        unit: None,
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| {
            to.of_members_by(state, "limit", |member| {
                let times = |limit| member.limits_reached.get(&limit).copied().unwrap_or_default();
                Limit::ALL.map(|limit| (limit, times(limit) as f64))
            });
        },
    },
    Metric {
        name: "penalties",
        help: "How often somebody in a room was dropped and ignored for a while",
        unit: None,
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| to.of_members(state, |member| member.penalties as f64),
    },
    Metric {
        name: "pipelines_left_behind",
        help: "Pipelines that were to be taken down and hang; a restart frees what they hold",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.add([], state.pipelines_left_behind as f64),
    },
    Metric {
        name: "connections_full",
        help: "How often all connections of an HTTP server became taken; who comes then waits",
        unit: None,
        kind: Counter,
        read: |Sight { servers, .. }, to| to.add([], servers.connections_full as f64),
    },
    Metric {
        name: "certificate_end",
        help: "When the certificate of the port ends, counted from 1970; renewed, it is a later moment",
        unit: Some(Unit::Seconds),
        kind: Gauge,
        read: |Sight { servers, .. }, to| {
            let Some(end) = servers.certificate_end else { return };
            to.add([], end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() as f64);
        },
    },
    Metric {
        name: "source_running",
        help: "Whether a source delivers; 0 while nobody takes it, too",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            to.of_sources(state, |source| f64::from(source.condition == Condition::Running))
        },
    },
    Metric {
        name: "source_failed",
        help: "Whether a source has failed, and is tried again",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            to.of_sources(state, |source| f64::from(matches!(source.condition, Condition::Failed { .. })))
        },
    },
    Metric {
        name: "source_frames",
        help: "Frames, or buffers of sound, that were captured",
        unit: None,
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| to.of_sources(state, |source| source.frames as f64),
    },
    Metric {
        name: "source_capture_to_wire",
        help: "How long frames took from their capture to all sockets, of the last 5 to 10 s",
        unit: Some(Unit::Seconds),
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            for source in &state.sources {
                let Some(took) = source.capture_to_wire else { continue };
                to.add([("source", &source.name), ("quantile", &"0.5")], took.p50_ms / 1000.0);
                to.add([("source", &source.name), ("quantile", &"0.95")], took.p95_ms / 1000.0);
            }
        },
    },
    Metric {
        name: "encoder_running",
        help: "Whether an encoder delivers; 0 while nobody takes it, too",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            to.of_encoders(state, |encoder| f64::from(encoder.condition == Condition::Running))
        },
    },
    Metric {
        name: "encoder_failed",
        help: "Whether an encoder has failed, and is tried again",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            to.of_encoders(state, |encoder| f64::from(matches!(encoder.condition, Condition::Failed { .. })))
        },
    },
    Metric {
        name: "encoder_replaced",
        help: "Whether another encoder had to take over from the one of choice",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| f64::from(encoder.replaced.is_some())),
    },
    Metric {
        name: "encoder_takers",
        help: "Who takes from an encoder now",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| encoder.takers as f64),
    },
    Metric {
        name: "encoder_frames",
        help: "Frames that were encoded",
        unit: None,
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| encoder.frames as f64),
    },
    Metric {
        name: "encoder_keyframes",
        help: "Keyframes among them",
        unit: None,
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| encoder.keyframes as f64),
    },
    Metric {
        name: "encoder_encoded",
        help: "What was encoded",
        unit: Some(Unit::Bytes),
        kind: Counter,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| encoder.bytes as f64),
    },
    Metric {
        name: "encoder_bitrate",
        help: "What an encoder is asked for, in bit/s",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_encoders(state, |encoder| f64::from(encoder.bitrate.bits())),
    },
    Metric {
        name: "recordings",
        help: "Recordings that run, by how they do; of members of one id together",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            let members: BTreeSet<_> = state.members.iter().map(|member| &member.id).collect();
            for member in members {
                for condition in ["starting", "recording", "silent", "failed"] {
                    let theirs = state.recordings.iter().filter(|one| one.member == *member);
                    let count = theirs.filter(|one| word(&one.condition) == condition).count();
                    to.add([("member", member), ("state", &condition)], count as f64);
                }
            }
        },
    },
    Metric {
        name: "recording_dropped_frames",
        help: "Frames of the recordings that run which were left out because the disk did not keep up",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| {
            let dropped = state.recordings.iter().fold(0, |dropped: u64, one| dropped.saturating_add(one.dropped));
            to.add([], dropped as f64);
        },
    },
    Metric {
        name: "recording_disk_failed",
        help: "Whether the disk of recordings takes nothing: it is full, read-only, slow or not there",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_disk(state, |disk| Some(f64::from(disk.problem.is_some()))),
    },
    Metric {
        name: "recording_disk_free",
        help: "What is free on the disk of recordings",
        unit: Some(Unit::Bytes),
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_disk(state, |disk| disk.free.map(|free| free as f64)),
    },
    Metric {
        name: "recording_kept",
        help: "The recordings that are kept",
        unit: Some(Unit::Bytes),
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_disk(state, |disk| Some(disk.kept as f64)),
    },
    Metric {
        name: "recording_segments",
        help: "The files that these are",
        unit: None,
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_disk(state, |disk| Some(disk.segments as f64)),
    },
    Metric {
        name: "recording_disk_left",
        help: "How long until the oldest recording goes or the disk is full, at the present rate",
        unit: Some(Unit::Seconds),
        kind: Gauge,
        read: |Sight { gateway: state, .. }, to| to.of_disk(state, |disk| disk.hours_left.map(|hours| hours * 3600.0)),
    },
];

impl Samples {
    fn of_members(&mut self, state: &State, value: impl Fn(&MemberState) -> f64) {
        for member in &state.members {
            self.add([("member", &member.id), ("room", &member.room)], value(member));
        }
    }

    /// Several of each member, told apart by `label`.
    fn of_members_by<L: std::fmt::Display, const VALUES: usize>(
        &mut self,
        state: &State,
        label: &'static str,
        values: impl Fn(&MemberState) -> [(L, f64); VALUES],
    ) {
        for member in &state.members {
            for (told_apart, value) in values(member) {
                self.add([("member", &member.id), ("room", &member.room), (label, &told_apart)], value);
            }
        }
    }

    fn of_sources(&mut self, state: &State, value: impl Fn(&SourceState) -> f64) {
        for source in &state.sources {
            self.add([("source", &source.name), ("kind", &source.kind)], value(source));
        }
    }

    fn of_encoders(&mut self, state: &State, value: impl Fn(&EncoderState) -> f64) {
        for encoder in &state.encoders {
            let labels: [(_, &dyn std::fmt::Display); 3] =
                [("source", &encoder.source), ("codec", &encoder.codec), ("rung", &encoder.rung)];
            self.add(labels, value(encoder));
        }
    }

    fn of_disk(&mut self, state: &State, value: impl Fn(&DiskState) -> Option<f64>) {
        if let Some(value) = state.disk.as_ref().and_then(value) {
            self.add([], value);
        }
    }
}

const fn word(condition: &RecordingCondition) -> &'static str {
    match condition {
        RecordingCondition::Starting => "starting",
        RecordingCondition::Recording => "recording",
        RecordingCondition::Silent { .. } => "silent",
        RecordingCondition::Failed { .. } => "failed",
    }
}
