//! What lies in a folder of recordings: `DIR/MEMBER/PEER/START.json`, each with its segment beside it.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    disk::{self, LOCK},
    segment_file::manifest_path,
};
use crate::recording::{
    Container, FileName, Kept, Stem,
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
    /// It is that of another file.
    #[error("{path}: expected the manifest of the file beside it, got that of {got}")]
    Elsewhere {
        /// Which.
        path: PathBuf,
        /// The file that it names.
        got: FileName,
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

/// What lies in a folder of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It is called as a manifest is.
    Manifest(PathBuf),
    /// It is called as a segment is.
    Segment(PathBuf),
    /// Nobody of ours calls a file so.
    Other(PathBuf),
}

/// Looks through a folder of recordings, a file at a time. What can't be looked into is passed over.
#[derive(Debug)]
pub(super) struct Search {
    /// Folders that are open: that of all, of a member, of a peer.
    open: Vec<fs::ReadDir>,
}

/// `DIR/MEMBER/PEER`
const DEPTH: usize = 3;

impl Search {
    /// That of the folder `dir`.
    pub(super) fn new(dir: &Path) -> Self {
        Self { open: fs::read_dir(dir).into_iter().collect() }
    }
}

impl Iterator for Search {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let depth = self.open.len();
            let Some(entry) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            let Ok(entry) = entry else { continue };
            let path = entry.path();
            let is_folder = |kind: fs::FileType| kind.is_dir() || kind.is_symlink() && path.is_dir();
            if depth < DEPTH && entry.file_type().is_ok_and(is_folder) {
                // That of somebody else, as `lost+found` is, need not be open to us.
                self.open.extend(fs::read_dir(&path));
                continue;
            }
            let is_lock = depth == 1 && entry.file_name() == LOCK;
            match kind(&path).filter(|_| depth == DEPTH) {
                Some(Ending::Manifest) => return Some(Found::Manifest(path)),
                Some(Ending::Segment) => return Some(Found::Segment(path)),
                Some(Ending::Beside) => {}
                None if is_lock => {}
                None => return Some(Found::Other(path)),
            }
        }
    }
}

enum Ending {
    Manifest,
    Segment,
    /// It goes with its manifest.
    Beside,
}

/// What a file is by its name.
fn kind(path: &Path) -> Option<Ending> {
    let name = path.file_name()?.to_str()?;
    // A stem has a dot in it, and ends with a Z.
    let (stem, ending) = name.split_at_checked(name.find('Z')? + 1)?;
    stem.parse::<Stem>().ok()?;
    match ending.strip_prefix('.')? {
        "json" => Some(Ending::Manifest),
        "json.new" | "json.broken" => Some(Ending::Beside),
        extension => Container::of_extension(extension).map(|_| Ending::Segment),
    }
}

/// The segment beside a manifest, by its name; `None` where there is none.
pub(super) fn segment_beside(manifest: &Path) -> Option<PathBuf> {
    let kinds = [Container::Matroska, Container::WebM, Container::Mp4];
    kinds.into_iter().map(|kind| manifest.with_extension(kind.extension())).find(|segment| segment.exists())
}

/// The manifests below `dir`, by path.
pub(super) fn manifests(dir: &Path) -> Vec<PathBuf> {
    let manifest = |found| if let Found::Manifest(path) = found { Some(path) } else { None };
    let mut found: Vec<_> = Search::new(dir).filter_map(manifest).collect();
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
/// When the manifest can't be read, is none, or is that of another file.
pub(super) fn kept(dir: &Path, path: &Path) -> Result<Kept, UnreadableManifest> {
    let (manifest, _) = manifest(path)?;
    let folder = path.parent().unwrap_or(dir);
    let segment = folder.join(&manifest.file);
    if manifest_path(&segment) != path {
        return Err(UnreadableManifest::Elsewhere { path: path.to_owned(), got: manifest.file });
    }
    Ok(measured(dir, &segment, &manifest))
}

/// The same, with what its manifest says.
pub(super) fn measured(dir: &Path, segment: &Path, manifest: &Manifest) -> Kept {
    let folder = segment.parent().unwrap_or(dir);
    let below = folder.strip_prefix(dir).unwrap_or(folder);
    let mut kept = Kept::new(&below.to_string_lossy(), manifest);
    if kept.state == State::Recording
        && let Ok(metadata) = fs::metadata(segment)
    {
        kept.bytes = metadata.len();
    }
    kept.disk_bytes = disk::taken(segment).saturating_add(disk::taken(&manifest_path(segment)));
    kept
}
