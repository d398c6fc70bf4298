//! Seals segments that nobody writes to any more: mends what was cut off, and makes their last word, with their digest and that
//! of the segment before, which the keeper writes down. Reads whole files, on a thread of its own.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tracing::{error, warn};

use super::{
    index,
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
    /// Its manifest, where it has lost its own.
    fresh: Option<Box<Manifest>>,
    /// What is to be written beside it; `None` while it has to be mended.
    closed: Option<(Closed, State)>,
    /// Whether it was said that it can't be sealed for now.
    is_told: bool,
}

/// The last word about a segment.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) manifest: Manifest,
    pub(super) json: Vec<u8>,
}

/// The last segment of each recording that runs.
pub(super) type Last = HashMap<RecordingId, Previous>;

/// Works until nobody has anything to do.
pub(super) fn run(jobs: &Receiver<Job>, keeper: &SyncSender<Ask>) {
    let (mut unsealed, mut last) = (Vec::new(), Last::new());
    loop {
        let (recording, path, closed, fresh) = match jobs.recv_timeout(RETRY) {
            Ok(Job::Seal(recording, closed)) => {
                (recording, closed.path.clone(), Some((*closed, State::Finished)), None)
            }
            Ok(Job::Mend(recording, path)) => (recording, path, None, None),
            Ok(Job::Adopt(path, fresh)) => (fresh.recording.clone(), path, None, Some(fresh)),
            Ok(Job::End(recording)) => {
                last.remove(&recording);
                let _ = keeper.send(Ask::Ended(recording));
                continue;
            }
            Ok(Job::Settle(reply)) => {
                // Whoever waits may have given up.
                let _ = reply.send(());
                continue;
            }
            Err(RecvTimeoutError::Timeout) => {
                seal_all(&mut unsealed, &mut last, keeper);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // It is there as long as this is.
        let _ = keeper.send(Ask::Closed(path.clone()));
        if unsealed.len() == MOST_UNSEALED {
            error!(file = %path.display(), "a segment is not sealed: too many wait for a disk; the next start does it");
            continue;
        }
        unsealed.push(Unsealed { recording, path, fresh, closed, is_told: false });
        seal_all(&mut unsealed, &mut last, keeper);
    }
}

/// Seals what can be sealed. The segments of a recording are sealed in their order: each vouches for the one before.
fn seal_all(unsealed: &mut Vec<Unsealed>, last: &mut Last, keeper: &SyncSender<Ask>) {
    let mut held_up = HashSet::new();
    unsealed.retain_mut(|segment| {
        if held_up.contains(&segment.recording) {
            return true;
        }
        let outcome = segment.seal(last, keeper);
        if let Err(error) = &outcome {
            held_up.insert(segment.recording.clone());
            if !std::mem::replace(&mut segment.is_told, true) {
                warn!(file = %segment.path.display(), %error, "a segment is not sealed for now; it is tried again");
            }
        }
        outcome.is_err()
    });
}

impl Unsealed {
    fn seal(&mut self, last: &mut Last, keeper: &SyncSender<Ask>) -> io::Result<()> {
        let beside = manifest_path(&self.path);
        // It was removed, or its disk is another one now. What is on the one that was is mended when that comes back.
        let is_gone = self.fresh.is_none() && !beside.exists();
        if is_gone || index::manifest(&beside).is_ok_and(|(manifest, _)| manifest.sha256.is_some()) {
            return Ok(());
        }
        if self.closed.is_none() {
            self.closed = mending::mend(&self.path, self.fresh.as_deref())?;
        }
        let Some((closed, state)) = &self.closed else {
            let _ = keeper.send(Ask::Gone(self.path.clone()));
            return Ok(());
        };
        let sealed = match sealed(&self.recording, closed, state.clone(), last) {
            // It was removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.path.exists() => return Ok(()),
            outcome => outcome?,
        };
        let link = sealed.link();
        let (reply, answer) = sync_channel(1);
        let gone = |_| io::Error::other("the keeper of recordings is gone");
        keeper.send(Ask::Seal(self.path.clone(), Box::new(sealed.manifest), reply)).map_err(|_| gone(()))?;
        answer.recv().map_err(|_| gone(()))??;
        last.insert(self.recording.clone(), link);
        Ok(())
    }
}

impl Sealed {
    /// How the next segment names it.
    pub(super) fn link(&self) -> Previous {
        // The digest of a manifest is without `pinned`, so that this holds whatever is pinned meanwhile.
        let manifest_sha256 = manifest::digest(&self.json).expect("what was just written as JSON is JSON");
        Previous { file: self.manifest.file.clone(), manifest_sha256 }
    }
}

/// The last word about a segment. It is not written down yet.
///
/// # Errors
/// When the segment can't be read.
pub(super) fn sealed(recording: &RecordingId, closed: &Closed, state: State, last: &Last) -> io::Result<Sealed> {
    let Closed { path, manifest } = closed;
    let mut manifest = manifest.clone();
    let sha256 = digest(path)?;
    manifest.previous = last.get(recording).cloned().or_else(|| before(path, &manifest));
    manifest.sha256 = Some(sha256);
    manifest.state = state;
    let json = manifest.to_json();
    Ok(Sealed { manifest, json })
}

/// The segment before, as the disk has it.
fn before(path: &Path, manifest: &Manifest) -> Option<Previous> {
    let wanted = manifest.sequence.checked_sub(1)?;
    let beside = fs::read_dir(path.parent()?).ok()?.flatten().map(|entry| entry.path());
    let manifests = beside.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut read = manifests.filter_map(|path| index::manifest(&path).ok());
    let (previous, json) = read.find(|(one, _)| one.recording == manifest.recording && one.sequence == wanted)?;
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
