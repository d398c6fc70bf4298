//! A folder of recordings, looked at from outside a daemon: what is in it, whether it is all there, and what can be mended.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    disk::{DiskError, Folder},
    index::{self, Found, Search},
    mending, sealer,
    segment_file::manifest_path,
    stray::{self, Lost},
};
use crate::{
    ids::RecordingId,
    recording::{
        Kept, Shelf,
        chain::{self, Fault, Link},
        manifest::{self, Manifest, State},
    },
};

/// What helps a segment that has lost its manifest.
const HELP: &str = "'peergate recordings repair', or the next start, gives it one";

/// A folder of recordings.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
}

/// What became of a segment that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// Its file, below the folder.
    pub file: String,
    /// How far it has come, `None` where there never was a file; or why it can't be read or written, in words.
    pub outcome: Result<Option<State>, String>,
}

/// What was found when everything was looked at.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How many segments there are.
    pub segments: usize,
    /// Those that are not sealed: being written, or left by a process that ended, and to be repaired.
    pub unfinished: Vec<String>,
    /// What is wrong, in words: each with the folder it is in.
    pub faults: Vec<String>,
}

impl Archive {
    /// That in this folder, which need not be there.
    #[must_use]
    pub const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// What is kept, the oldest first, and what can't be read, in words.
    #[must_use]
    pub fn list(&self) -> (Vec<Kept>, Vec<String>) {
        let read = index::manifests(&self.dir).into_iter().map(|path| index::kept(&self.dir, &path));
        let (kept, wrong): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
        let mut kept: Vec<_> = kept.into_iter().flatten().collect();
        kept.sort_by(|one, other| (one.begun, &one.file).cmp(&(other.begun, &other.file)));
        let lost = self.strays().into_iter().filter(|(_, lost)| *lost == Lost::Missing);
        let lost = lost.map(|(path, lost)| format!("{}: {lost}; {HELP}", self.below(&path)));
        let wrong = wrong.into_iter().filter_map(Result::err).map(|error| error.to_string());
        (kept, wrong.chain(lost).collect())
    }

    /// Reads every file, and compares it with what its manifest and those after it say.
    #[must_use]
    pub fn verify(&self) -> Verdict {
        let mut verdict = Verdict::default();
        let mut folders: HashMap<PathBuf, Vec<_>> = HashMap::new();
        for path in index::manifests(&self.dir) {
            let folder = path.parent().unwrap_or(&self.dir).to_owned();
            match index::manifest(&path) {
                Ok((manifest, json)) => {
                    let file = folder.join(&manifest.file);
                    verdict.segments += 1;
                    if Kept::new("", &manifest).is_unsealed() {
                        verdict.unfinished.push(self.below(&file));
                        continue;
                    }
                    let sha256 = match sealer::digest(&file) {
                        Ok(sha256) => Some(sha256),
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                        Err(error) => {
                            verdict.faults.push(format!("{}: it can't be read: {error}", self.below(&file)));
                            continue;
                        }
                    };
                    if let Ok(digest) = manifest::digest(&json) {
                        folders.entry(folder).or_default().push((manifest, digest, sha256));
                    }
                }
                Err(error) => verdict.faults.push(error.to_string()),
            }
        }
        let missing = self.strays().into_iter().filter(|(_, lost)| *lost == Lost::Missing);
        verdict.faults.extend(missing.map(|(path, lost)| format!("{}: {lost}; {HELP}", self.below(&path))));
        for (folder, segments) in &folders {
            let links: Vec<_> = segments
                .iter()
                .map(|(manifest, digest, file)| Link { manifest, digest: *digest, file: *file })
                .collect();
            let told = |fault: Fault| format!("{}/{fault}", self.below(folder));
            verdict.faults.extend(chain::check(&links).into_iter().map(told));
        }
        verdict.faults.sort();
        verdict
    }

    /// Mends what was cut off. No daemon may record there at the same time.
    ///
    /// # Errors
    /// When one does, or the folder can't be written to.
    pub fn repair(&self) -> Result<Vec<Mended>, DiskError> {
        let mut folder = Folder::new(self.dir.clone(), None);
        if self.dir.is_dir() {
            folder.open()?;
        }
        let mut last = sealer::Last::new();
        let mut mended = Vec::new();
        let (kept, _) = self.list();
        let mut shelf = Shelf::default();
        for kept in kept {
            if kept.is_unsealed() {
                mended.push(self.mend(&self.dir.join(&*kept.file), &kept.recording, None, &mut last));
            }
            shelf.insert(kept);
        }
        for (path, lost) in self.strays().into_iter().filter(|(_, lost)| lost.is_certain()) {
            let beside = path.parent().and_then(|folder| shelf.beside(&self.below(folder)));
            if let Some(fresh) = stray::fresh(&self.dir, &path, &lost, beside) {
                mended.push(self.mend(&path, &fresh.recording, Some(&fresh), &mut last));
            }
        }
        Ok(mended)
    }

    fn mend(&self, path: &Path, recording: &RecordingId, fresh: Option<&Manifest>, last: &mut sealer::Last) -> Mended {
        let outcome = mending::mend(path, fresh).and_then(|mended| match mended {
            Some((closed, state)) => {
                let sealed = sealer::sealed(recording, &closed, state.clone(), last)?;
                stray::write_down(path, &sealed.json)?;
                last.insert(recording.clone(), sealed.link());
                Ok(Some(state))
            }
            None => fs::remove_file(manifest_path(path)).map(|()| None),
        });
        Mended { file: self.below(path), outcome: outcome.map_err(|error| error.to_string()) }
    }

    /// Segments without a manifest that can be read.
    fn strays(&self) -> Vec<(PathBuf, Lost)> {
        let segment = |found| if let Found::Segment(path) = found { Some(path) } else { None };
        let segments = Search::new(&self.dir).filter_map(segment);
        let mut strays: Vec<_> = segments.filter_map(|path| Lost::of(&path).map(|lost| (path, lost))).collect();
        strays.sort_by(|(one, _), (other, _)| one.cmp(other));
        strays
    }

    fn below(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir).unwrap_or(path).display().to_string()
    }
}
