//! A segment that is kept, in short.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    WallTime,
    manifest::{Clock, Direction, Manifest, State},
    retention::Ended,
};
use crate::{
    codec::Codec,
    ids::{PeerId, RecordingId},
};

/// What the API and the command line say of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its recording.
    pub recording: RecordingId,
    /// Our id in the room.
    pub member: PeerId,
    /// Who sent it; `None` for ourselves.
    pub peer: Option<PeerId>,
    /// Whether that was a peer, or we.
    pub direction: Direction,
    /// Its place in its recording, from 0.
    pub sequence: u64,
    /// Its file, below the folder of recordings.
    pub file: Arc<str>,
    /// How far it has come.
    pub state: State,
    /// Its manifest has its digest.
    pub sealed: bool,
    /// It is not removed.
    pub pinned: bool,
    /// When it began.
    pub begun: WallTime,
    /// When it ended; `None` while it is written.
    pub ended: Option<WallTime>,
    /// How long it is, in ms.
    pub duration_ms: Option<u64>,
    /// How large its file is.
    pub bytes: u64,
    /// What it takes of the disk, its manifest included, in bytes.
    #[serde(skip)]
    pub disk_bytes: u64,
    /// What is in it.
    pub codecs: Vec<Codec>,
    /// How many gaps its tracks have.
    pub gaps: u64,
    /// Whether the clock was set when it ended.
    #[serde(skip)]
    is_clock_set: bool,
}

impl Kept {
    /// That of a manifest, whose file is in `folder` below that of recordings. It is taken to be on the disk with nothing
    /// beside it, until somebody looks.
    #[must_use]
    pub fn new(folder: &str, manifest: &Manifest) -> Self {
        let since_boot = manifest.end.map(|end| end.since_boot.saturating_sub(manifest.start.since_boot));
        let in_ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let is_open = manifest.state == State::Recording;
        Self {
            recording: manifest.recording.clone(),
            member: manifest.member.clone(),
            peer: manifest.peer.clone(),
            direction: manifest.direction,
            sequence: manifest.sequence,
            file: format!("{folder}/{}", manifest.file).into(),
            state: manifest.state.clone(),
            sealed: manifest.sha256.is_some(),
            pinned: manifest.pinned,
            begun: manifest.start.wall,
            ended: manifest.end.filter(|_| !is_open).map(|end| end.wall),
            duration_ms: since_boot.map(in_ms),
            bytes: manifest.bytes,
            disk_bytes: manifest.bytes,
            codecs: manifest.tracks.iter().map(|track| track.codec).collect(),
            gaps: manifest.gaps.count(),
            is_clock_set: manifest.end.unwrap_or(manifest.start).clock != Clock::Unset,
        }
    }

    /// Whether something is left to be done: it is written, was cut off, or has no digest yet.
    #[must_use]
    pub fn is_unsealed(&self) -> bool {
        match self.state {
            State::Recording => true,
            State::Finished | State::Recovered => !self.sealed,
            State::Incomplete { .. } => false,
        }
    }

    /// When it ended, for who decides what is removed.
    #[must_use]
    pub fn end(&self) -> Ended {
        match self.state {
            State::Recording => Ended::NotYet,
            // One that was cut off so that nothing is known of its end began then at least.
            _ if self.is_clock_set => Ended::At(self.ended.unwrap_or(self.begun)),
            _ => Ended::Unsure(self.ended.unwrap_or(self.begun)),
        }
    }
}
