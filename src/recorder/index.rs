//! What lies in a folder of recordings: `DIR/MEMBER/PEER/START.json`, each with its segment beside it.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use crate::recording::{
    Kept,
    manifest::{self, Manifest, ManifestError, State},
};

/// Why a file is not taken for a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableManifest {
    /// It can't be read.
    #[error("{path} can't be read: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is none.
    #[error("{path}: {error}")]
    Manifest {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: ManifestError,
    },
}

/// The manifests below `dir`, by path. What can't be looked into is passed over.
pub(super) fn manifests(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for member in entries(dir) {
        for peer in entries(&member) {
            let files = entries(&peer).into_iter();
            found.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "json")));
        }
    }
    found.sort();
    found
}

/// What a manifest says, and its bytes.
///
/// # Errors
/// When it can't be read, or is none.
pub(super) fn manifest(path: &Path) -> Result<(Manifest, Vec<u8>), UnreadableManifest> {
    let failed = |error| UnreadableManifest::File { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    // One byte more than it may have: it is said to be too large then.
    let most = manifest::MAX_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    let manifest =
        Manifest::read(&bytes).map_err(|error| UnreadableManifest::Manifest { path: path.to_owned(), error })?;
    Ok((manifest, bytes))
}

/// What is kept beside the manifest at `path` below `dir`. Of a segment that is written the file says how large it is.
///
/// # Errors
/// When the manifest can't be read, or is none.
pub(super) fn kept(dir: &Path, path: &Path) -> Result<Kept, UnreadableManifest> {
    let (mut manifest, _) = manifest(path)?;
    let folder = path.parent().unwrap_or(dir);
    if manifest.state == State::Recording
        && let Ok(metadata) = fs::metadata(folder.join(&manifest.file))
    {
        manifest.bytes = metadata.len();
    }
    let below = folder.strip_prefix(dir).unwrap_or(folder);
    Ok(Kept::new(&below.to_string_lossy(), &manifest))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
