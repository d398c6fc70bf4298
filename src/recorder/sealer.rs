//! Seals segments that nobody writes to any more: their digest, and that of the segment before, go into their manifests. Reads
//! whole files, on a thread of its own.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tracing::{error, warn};

use super::{
    disk, index,
    keeper::{Ask, Job},
    mending,
    segment_file::{Closed, manifest_path},
};
use crate::{
    ids::RecordingId,
    recording::{
        Sha256Hex,
        manifest::{self, Manifest, Previous, State},
    },
};

/// How much of a file is read at once.
const CHUNK: usize = 1 << 20;

/// How long a disk that did not let a segment be sealed is left alone: it may be full, or away.
const RETRY: Duration = Duration::from_secs(5);

/// The most segments that are tried again. What is more is done by the next start.
const MOST_UNSEALED: usize = 1024;

/// A segment that is not sealed yet.
struct Unsealed {
    recording: RecordingId,
    path: PathBuf,
    /// What is to be written beside it; `None` while it has to be mended.
    closed: Option<(Closed, State)>,
    /// Whether it was said that it can't be sealed for now.
    is_told: bool,
}

/// Works until nobody has anything to do.
pub(super) fn run(jobs: &Receiver<Job>, changed: &SyncSender<Ask>) {
    let (mut unsealed, mut last) = (Vec::new(), HashMap::new());
    loop {
        let (recording, path, closed) = match jobs.recv_timeout(RETRY) {
            Ok(Job::Seal(recording, closed)) => (recording, closed.path.clone(), Some((*closed, State::Finished))),
            Ok(Job::Mend(recording, path)) => (recording, path, None),
            Ok(Job::End(recording)) => {
                last.remove(&recording);
                continue;
            }
            Ok(Job::Settle(reply)) => {
                // Whoever waits may have given up.
                let _ = reply.send(());
                continue;
            }
            Err(RecvTimeoutError::Timeout) => {
                seal_all(&mut unsealed, &mut last, changed);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if unsealed.len() == MOST_UNSEALED {
            error!(file = %path.display(), "a segment is not sealed: too many wait for a disk; the next start does it");
            continue;
        }
        unsealed.push(Unsealed { recording, path, closed, is_told: false });
        seal_all(&mut unsealed, &mut last, changed);
    }
}

/// Seals what can be sealed. The segments of a recording are sealed in their order: each vouches for the one before.
fn seal_all(unsealed: &mut Vec<Unsealed>, last: &mut HashMap<RecordingId, Previous>, changed: &SyncSender<Ask>) {
    let mut held_up = HashSet::new();
    unsealed.retain_mut(|segment| {
        if held_up.contains(&segment.recording) {
            return true;
        }
        let outcome = segment.seal(last);
        if let Err(error) = &outcome {
            held_up.insert(segment.recording.clone());
            if !std::mem::replace(&mut segment.is_told, true) {
                warn!(file = %segment.path.display(), %error, "a segment is not sealed for now; it is tried again");
            }
        }
        if changed.try_send(Ask::Changed(segment.path.clone())).is_err() {
            error!("the keeper of recordings does not answer");
        }
        outcome.is_err()
    });
}

impl Unsealed {
    fn seal(&mut self, last: &mut HashMap<RecordingId, Previous>) -> io::Result<()> {
        let beside = manifest_path(&self.path);
        // It was removed, or its disk is another one now. What is on the one that was is mended when that comes back.
        let is_gone = !beside.exists();
        if is_gone || index::manifest(&beside).is_ok_and(|(manifest, _)| manifest.sha256.is_some()) {
            return Ok(());
        }
        if self.closed.is_none() {
            self.closed = mending::mend(&self.path)?;
        }
        match &self.closed {
            Some((closed, state)) => seal(self.recording.clone(), closed, state.clone(), last),
            None => Ok(()),
        }
    }
}

/// Writes the last word of a segment's manifest.
pub(super) fn seal(
    recording: RecordingId,
    closed: &Closed,
    state: State,
    last: &mut HashMap<RecordingId, Previous>,
) -> io::Result<()> {
    let Closed { path, manifest } = closed;
    let mut manifest = manifest.clone();
    let sha256 = digest(path)?;
    manifest.previous = last.get(&recording).cloned().or_else(|| before(path, &manifest));
    manifest.sha256 = Some(sha256);
    manifest.state = state;
    let json = manifest.to_json();
    disk::replace(&manifest_path(path), &json, true)?;
    if let Ok(manifest_sha256) = manifest::digest(&json) {
        last.insert(recording, Previous { file: manifest.file, manifest_sha256 });
    }
    Ok(())
}

/// The segment before, as the disk has it.
fn before(path: &Path, manifest: &Manifest) -> Option<Previous> {
    let wanted = manifest.sequence.checked_sub(1)?;
    let beside = fs::read_dir(path.parent()?).ok()?.flatten().map(|entry| entry.path());
    let manifests = beside.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = manifests.filter_map(|path| index::manifest(&path).ok());
    let (previous, json) =
        read.into_iter().find(|(one, _)| one.recording == manifest.recording && one.sequence == wanted)?;
    Some(Previous { file: previous.file, manifest_sha256: manifest::digest(&json).ok()? })
}

/// A file's digest.
pub(super) fn digest(path: &Path) -> io::Result<Sha256Hex> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Sha256Hex::from_bytes(hasher.finalize().into())),
            length => hasher.update(&chunk[..length]),
        }
    }
}
