//! Seals segments that nobody writes to any more: their digest, and that of the segment before, go into their manifests. Reads
//! whole files, on a thread of its own.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::mpsc::{Receiver, SyncSender},
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

/// Works until nobody has anything to do.
pub(super) fn run(jobs: &Receiver<Job>, changed: &SyncSender<Ask>) {
    let mut last = HashMap::new();
    for job in jobs {
        let done = match job {
            Job::Seal(recording, closed) => {
                let path = closed.path.clone();
                (path, seal(recording, *closed, State::Finished, &mut last))
            }
            Job::Mend(recording, path) => {
                let mended = mending::mend(&path).and_then(|mended| match mended {
                    Some((closed, state)) => seal(recording, closed, state, &mut last),
                    None => Ok(()),
                });
                (path, mended)
            }
            Job::End(recording) => {
                last.remove(&recording);
                continue;
            }
            Job::Settle(reply) => {
                // Whoever waits may have given up.
                let _ = reply.send(());
                continue;
            }
        };
        let (path, outcome) = done;
        if let Err(error) = outcome {
            warn!(file = %path.display(), %error, "a segment is not sealed; the next start tries it again");
        }
        if changed.try_send(Ask::Changed(path)).is_err() {
            error!("the keeper of recordings does not answer");
        }
    }
}

/// Writes the last word of a segment's manifest.
pub(super) fn seal(
    recording: RecordingId,
    closed: Closed,
    state: State,
    last: &mut HashMap<RecordingId, Previous>,
) -> io::Result<()> {
    let Closed { path, mut manifest } = closed;
    let sha256 = digest(&path)?;
    manifest.previous = last.remove(&recording).or_else(|| before(&path, &manifest));
    manifest.sha256 = Some(sha256);
    manifest.state = state;
    let json = manifest.to_json();
    disk::replace(&manifest_path(&path), &json, true)?;
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
