//! Segments without a manifest that can be read: it was lost with the power, torn, or written by a later version. They get a
//! fresh one, with what their names and the files themselves say.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    disk,
    index::{self, UnreadableManifest},
    reel::random_id,
    segment_file::manifest_path,
};
use crate::{
    ids::{BootId, PeerId},
    recording::{
        Container, FileName, Kept, Stem,
        manifest::{Clock, Direction, Gaps, Manifest, ManifestError, Moment, State},
        naming,
    },
};

/// What is wrong with a segment's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// There is none.
    Missing,
    /// It says nothing that could be kept.
    Broken(String),
    /// It may be good: another version wrote it, or the disk does not give it. It is left as it is.
    Unknown(String),
}

impl Lost {
    /// What is wrong with the manifest of the segment at `path`; `None` where nothing is.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let beside = manifest_path(path);
        match index::manifest(&beside) {
            Ok((manifest, _)) if path.file_name() == Some(manifest.file.as_ref().as_os_str()) => None,
            Ok((manifest, _)) => Some(Self::Broken(format!("it is that of {}", manifest.file))),
            Err(UnreadableManifest::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Some(Self::Missing)
            }
            Err(UnreadableManifest::Manifest { error: error @ ManifestError::Format(_), .. }) => {
                Some(Self::Unknown(error.to_string()))
            }
            Err(UnreadableManifest::Manifest { error, .. }) => Some(Self::Broken(error.to_string())),
            Err(error) => Some(Self::Unknown(error.to_string())),
        }
    }

    /// Whether a fresh one may be written in its place.
    pub(super) const fn is_certain(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it has no manifest"),
            Self::Broken(why) | Self::Unknown(why) => write!(f, "its manifest can't be read: {why}"),
        }
    }
}

/// A manifest for the segment at `path` below `dir`, with what its name and another segment in its folder say; `None` where
/// that is none of our folders. What was in the old one is not known: it is a recording of its own.
pub(super) fn fresh(dir: &Path, path: &Path, lost: &Lost, beside: Option<&Kept>) -> Option<Manifest> {
    let mut names = path.strip_prefix(dir).ok()?.iter().map(|name| name.to_str());
    let (Some(member), Some(peer), Some(file), None) = (names.next()?, names.next()?, names.next()?, names.next())
    else {
        return None;
    };
    let is_local = peer == naming::LOCAL;
    if !naming::is_folder_name(member) || !is_local && !naming::is_folder_name(peer) {
        return None;
    }
    let wall = path.file_stem()?.to_str()?.parse::<Stem>().ok()?.moment();
    let known = |of: fn(&Kept) -> Option<PeerId>, name: &str| beside.and_then(of).or_else(|| PeerId::new(name).ok());
    Some(Manifest {
        recording: random_id(),
        member: known(|kept| Some(kept.member.clone()), member)?,
        peer: if is_local { None } else { Some(known(|kept| kept.peer.clone(), peer)?) },
        direction: if is_local { Direction::Local } else { Direction::Remote },
        sequence: 0,
        container: Container::of_extension(path.extension()?.to_str()?)?,
        file: FileName::new(file).ok()?,
        state: State::incomplete(&lost.to_string()),
        pinned: false,
        boot: BootId::new("unknown").ok()?,
        start: Moment { since_boot: Duration::ZERO, wall, clock: Clock::Set },
        end: None,
        bytes: fs::metadata(path).map_or(0, |metadata| metadata.len()),
        sha256: None,
        previous: None,
        tracks: Vec::new(),
        gaps: Gaps::default(),
    })
}

/// Writes the last word about a segment down. What is there and says nothing is put aside: somebody may want to look at it.
///
/// # Errors
/// When the disk does not let us.
pub(super) fn write_down(segment: &Path, json: &[u8]) -> io::Result<()> {
    let beside = manifest_path(segment);
    if let Some(Lost::Broken(_)) = Lost::of(segment) {
        fs::rename(&beside, put_aside(&beside))?;
    }
    disk::replace(&beside, json, true)
}

/// Where a manifest is put that says nothing.
pub(super) fn put_aside(manifest: &Path) -> PathBuf {
    manifest.with_extension("json.broken")
}
