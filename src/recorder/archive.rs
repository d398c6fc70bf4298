//! A folder of recordings, looked at from outside a daemon: what is in it, whether it is all there, and what can be mended.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{
    disk::{DiskError, Folder},
    index, mending, sealer,
};
use crate::recording::{
    Kept,
    chain::{self, Fault, Link},
    manifest::{self, State},
};

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
        (kept, wrong.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect())
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
        let mut last = HashMap::new();
        let mut mended = Vec::new();
        let (kept, _) = self.list();
        for kept in kept.into_iter().filter(Kept::is_unsealed) {
            let path = self.dir.join(&kept.file);
            let outcome = mending::mend(&path).and_then(|mended| match mended {
                Some((closed, state)) => {
                    sealer::seal(kept.recording.clone(), &closed, state.clone(), &mut last).map(|()| Some(state))
                }
                None => Ok(None),
            });
            mended.push(Mended { file: kept.file, outcome: outcome.map_err(|error| error.to_string()) });
        }
        Ok(mended)
    }

    fn below(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir).unwrap_or(path).display().to_string()
    }
}
