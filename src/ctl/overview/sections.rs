//! The parts of an overview, each a table.

use std::time::SystemTime;

use super::{
    Earlier, Line, Look, Tone,
    table::{
        Side::{Left, Right},
        Table, shown,
    },
    words::{age, bytes, dash, ms, percent},
};
use crate::{
    codec::MediaKind,
    quality::verdict::{Grade, Verdict},
    report::{
        Condition, Connection, EncoderState, MemberState, PeerState, RecordingCondition, RecordingState, RelayState,
        SourceState, TrackState,
    },
};

pub(super) fn members(look: &Look<'_>) -> Vec<Line> {
    let mut table = Table::new([
        ("MEMBER", Left),
        ("ROOM", Left),
        ("RELAY", Left),
        ("SINCE", Right),
        ("PEERS", Right),
        ("WHY", Left),
    ]);
    for member in &look.state.members {
        let (tone, relay, since, why) = match &member.relay {
            RelayState::Connected { since } => (Tone::Plain, "connected", since, String::new()),
            RelayState::Away { since, why } => (Tone::Bad, "away", since, why.clone()),
        };
        let (id, peers) = (member.id.to_string(), member.peers.len().to_string());
        table.row(tone, [id, member.room.clone(), relay.to_owned(), age(look.now, *since), peers, why]);
    }
    table.lines()
}

pub(super) fn peers(look: &Look<'_>) -> Vec<Line> {
    let mut table = Table::new([
        ("MEMBER", Left),
        ("PEER", Left),
        ("CONNECTION", Left),
        ("RUNG", Right),
        ("KBIT/S", Right),
        ("BEARS", Right),
        ("LOST", Right),
        ("RTT", Right),
        ("DROPPED", Right),
        ("SINCE", Right),
        ("VERDICT", Left),
    ]);
    for member in &look.state.members {
        for peer in &member.peers {
            let (tone, connection) = match peer.connection {
                Connection::Negotiating => (Tone::Warning, "negotiating"),
                Connection::Connected => (tone_of(peer.verdict.as_ref()), "connected"),
                Connection::Closing => (Tone::Warning, "closing"),
            };
            let sent = |peer: &PeerState| total(&peer.sending, |track| track.bytes);
            let link = peer.link.as_ref();
            table.row(
                tone,
                [
                    member.id.to_string(),
                    peer.id.to_string(),
                    connection.to_owned(),
                    rung(&peer.sending),
                    look.kilobits(sent(peer), |earlier| find_peer(earlier, member, peer).map(sent)),
                    link.and_then(|link| link.estimate).map_or_else(dash, |bears| bears.kilobits().to_string()),
                    percent(link.and_then(|link| link.lost)),
                    ms(link.and_then(|link| link.round_trip_ms)),
                    total(&peer.sending, |track| track.dropped).to_string(),
                    age(look.now, peer.since),
                    peer.verdict.as_ref().map_or_else(String::new, |verdict| verdict.words.clone()),
                ],
            );
        }
    }
    table.lines()
}

pub(super) fn sources(look: &Look<'_>) -> Vec<Line> {
    let mut table = Table::new([
        ("SOURCE", Left),
        ("KIND", Left),
        ("WHAT", Left),
        ("STATE", Left),
        ("SIZE", Right),
        ("FRAMES/S", Right),
        ("HALF WITHIN", Right),
        ("95% WITHIN", Right),
        ("WHY", Left),
    ]);
    for source in &look.state.sources {
        let (tone, state, why) = condition(&source.condition);
        let same = |earlier: Earlier<'_>| earlier.state.sources.iter().find(|one| one.name == source.name).map(frames);
        let wire = source.capture_to_wire;
        table.row(
            tone,
            [
                source.name.to_string(),
                source.kind.to_string(),
                source.spec.clone(),
                state.to_owned(),
                source.size.map_or_else(String::new, |size| size.to_string()),
                look.each_second(source.frames, same),
                wire.map_or_else(String::new, |wire| ms(Some(wire.p50_ms))),
                wire.map_or_else(String::new, |wire| ms(Some(wire.p95_ms))),
                why,
            ],
        );
    }
    table.lines()
}

pub(super) fn encoders(look: &Look<'_>) -> Vec<Line> {
    let mut table = Table::new([
        ("ENCODED", Left),
        ("CODEC", Left),
        ("RUNG", Right),
        ("WITH", Left),
        ("STATE", Left),
        ("TAKERS", Right),
        ("WANTED", Right),
        ("KBIT/S", Right),
        ("FRAMES/S", Right),
        ("WHY", Left),
    ]);
    // Those that were never at work say nothing: there is one for each codec and rung that could be asked for.
    let at_work = |encoder: &&EncoderState| encoder.condition != Condition::Idle || encoder.replaced.is_some();
    for encoder in look.state.encoders.iter().filter(at_work) {
        let (tone, state, why) = condition(&encoder.condition);
        let instead = encoder.replaced.as_ref().map(|gone| format!("in place of {}: {}", gone.element, gone.why));
        table.row(
            tone,
            [
                encoder.source.to_string(),
                encoder.codec.to_string(),
                encoder.rung.to_string(),
                encoder.element.clone(),
                state.to_owned(),
                encoder.takers.to_string(),
                encoder.bitrate.kilobits().to_string(),
                look.kilobits(encoder.bytes, |earlier| find_encoder(earlier, encoder).map(|one| one.bytes)),
                look.each_second(encoder.frames, |earlier| find_encoder(earlier, encoder).map(|one| one.frames)),
                if why.is_empty() { instead.unwrap_or_default() } else { why },
            ],
        );
    }
    table.lines()
}

pub(super) fn recordings(look: &Look<'_>) -> Vec<Line> {
    let mut table = Table::new([
        ("RECORDING", Left),
        ("MEMBER", Left),
        ("PEER", Left),
        ("STATE", Left),
        ("SINCE", Right),
        ("FILES", Right),
        ("WRITTEN", Right),
        ("KBIT/S", Right),
        ("DROPPED", Right),
        ("FILE", Left),
        ("WHY", Left),
    ]);
    for recording in &look.state.recordings {
        let (tone, state, why) = recording_condition(recording, look.now);
        let same = |earlier: Earlier<'_>| {
            earlier.state.recordings.iter().find(|one| one.id == recording.id).map(|one| one.bytes)
        };
        table.row(
            tone,
            [
                recording.id.to_string(),
                recording.member.to_string(),
                // Ours.
                recording.peer.as_ref().map_or_else(dash, ToString::to_string),
                state.to_owned(),
                age(look.now, recording.since),
                recording.segments.to_string(),
                bytes(recording.bytes),
                look.kilobits(recording.bytes, same),
                recording.dropped.to_string(),
                recording.file.clone().unwrap_or_default(),
                why,
            ],
        );
    }
    table.lines()
}

pub(super) fn disk(look: &Look<'_>) -> Vec<Line> {
    let Some(disk) = &look.state.disk else { return Vec::new() };
    let free = disk.free.map_or_else(|| "unknown".to_owned(), bytes);
    let left = disk.hours_left.map_or_else(String::new, |hours| format!(", {hours:.1} hours left at this rate"));
    let (kept, segments) = (bytes(disk.kept), disk.segments);
    let text = format!("Disk of {}: {free} free, {kept} kept in {segments} files{left}", shown(&disk.dir));
    let problem = disk.problem.as_ref().map(|problem| Line { tone: Tone::Bad, text: shown(problem) });
    [Line { tone: Tone::Plain, text }].into_iter().chain(problem).collect()
}

impl Look<'_> {
    /// By how much a count has grown each second. Nothing, where there is nothing earlier; a dash, where what is counted
    /// is new or began again.
    fn growth(&self, count: u64, earlier: impl FnOnce(Earlier<'_>) -> Option<u64>) -> Option<Option<f64>> {
        self.earlier.map(|before| {
            let grown = count.checked_sub(earlier(before)?)?;
            Some(grown as f64 / before.ago.as_secs_f64().max(f64::MIN_POSITIVE))
        })
    }

    fn each_second(&self, count: u64, earlier: impl FnOnce(Earlier<'_>) -> Option<u64>) -> String {
        self.growth(count, earlier).map_or_else(String::new, |rate| rate.map_or_else(dash, |rate| format!("{rate:.1}")))
    }

    fn kilobits(&self, count: u64, earlier: impl FnOnce(Earlier<'_>) -> Option<u64>) -> String {
        let kilobits = |rate: f64| format!("{:.0}", rate * 8.0 / 1000.0);
        self.growth(count, earlier).map_or_else(String::new, |rate| rate.map_or_else(dash, kilobits))
    }
}

fn tone_of(verdict: Option<&Verdict>) -> Tone {
    match verdict.map(|verdict| verdict.grade) {
        Some(Grade::Good) | None => Tone::Plain,
        Some(Grade::Fair) => Tone::Warning,
        Some(Grade::Bad) => Tone::Bad,
    }
}

fn condition(condition: &Condition) -> (Tone, &'static str, String) {
    match condition {
        Condition::Idle => (Tone::Plain, "idle", String::new()),
        Condition::Starting => (Tone::Warning, "starting", String::new()),
        Condition::Running => (Tone::Plain, "running", String::new()),
        Condition::Failed { why } => (Tone::Bad, "failed", why.clone()),
    }
}

fn recording_condition(recording: &RecordingState, now: SystemTime) -> (Tone, &'static str, String) {
    match &recording.condition {
        RecordingCondition::Starting => (Tone::Warning, "starting", String::new()),
        RecordingCondition::Recording => (Tone::Plain, "recording", String::new()),
        RecordingCondition::Silent { since } => {
            (Tone::Warning, "silent", format!("nothing came for {}", age(now, *since)))
        }
        RecordingCondition::Failed { why } => (Tone::Bad, "failed", why.clone()),
    }
}

/// The rung of the pictures; nothing where none are sent.
fn rung(sending: &[TrackState]) -> String {
    let video = sending.iter().find(|track| track.kind == MediaKind::Video);
    video.map_or_else(dash, |track| track.rung.map_or_else(|| "none".to_owned(), |rung| rung.to_string()))
}

fn total(tracks: &[TrackState], count: impl Fn(&TrackState) -> u64) -> u64 {
    tracks.iter().map(count).sum()
}

const fn frames(source: &SourceState) -> u64 {
    source.frames
}

fn find_peer<'a>(earlier: Earlier<'a>, member: &MemberState, peer: &PeerState) -> Option<&'a PeerState> {
    let member = earlier.state.members.iter().find(|one| one.id == member.id && one.room == member.room)?;
    member.peers.iter().find(|one| one.id == peer.id)
}

fn find_encoder<'a>(earlier: Earlier<'a>, encoder: &EncoderState) -> Option<&'a EncoderState> {
    let key = |one: &EncoderState| (one.source.clone(), one.codec, one.rung);
    earlier.state.encoders.iter().find(|one| key(one) == key(encoder))
}
