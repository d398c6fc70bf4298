//! A folder of recordings, as its manifests tell of it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use peergate::recording::{
    chain::{self, Link},
    manifest::{self, Manifest},
};
use tempfile::TempDir;

use super::{recorded::Recorded, wait::wait_until};

/// How long a recording may take to be whole, once its peer is gone: that is noticed after 20 s at the latest.
const SEAL_LIMIT: Duration = Duration::from_secs(30);

/// A folder of recordings.
#[derive(Debug)]
pub(crate) struct Recordings {
    path: PathBuf,
    /// Gone with this; `None` where the folder is somebody else's.
    _own: Option<TempDir>,
}

impl Recordings {
    /// A new folder, gone with this.
    pub(crate) fn new() -> Self {
        let own = tempfile::tempdir().unwrap();
        Self { path: own.path().to_owned(), _own: Some(own) }
    }

    /// The one at `path`, which need not be there yet.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), _own: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// As an argument of the command line.
    pub(crate) fn dir(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// All segments, by name.
    pub(crate) fn segments(&self) -> Vec<Recorded> {
        let mut found = Vec::new();
        for member in entries(self.path()) {
            for peer in entries(&member) {
                let manifests = entries(&peer).into_iter();
                let manifests = manifests.filter(|path| path.extension().is_some_and(|one| one == "json"));
                // Some may go at this very moment.
                found.extend(manifests.filter_map(|path| fs::read(path).ok()).map(|json| {
                    let manifest = Manifest::read(&json).unwrap();
                    Recorded { path: peer.join(&manifest.file), manifest }
                }));
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Waits until there are so many segments and none is being written.
    pub(crate) async fn settled(&self, count: usize) -> Vec<Recorded> {
        self.settled_within(SEAL_LIMIT, count).await
    }

    /// The same with a limit of its own.
    pub(crate) async fn settled_within(&self, limit: Duration, count: usize) -> Vec<Recorded> {
        wait_until(&format!("{count} segments, all of them sealed"), limit, || {
            let segments = self.segments();
            segments.len() >= count && segments.iter().all(Recorded::is_sealed)
        })
        .await;
        self.segments()
    }

    /// Fails when a file is not what its manifest says, or a manifest not what the next one has noted of it.
    pub(crate) fn are_chained(&self) {
        let segments = self.segments();
        let links = segments.iter().map(|segment| Link {
            manifest: &segment.manifest,
            digest: manifest::digest(&fs::read(segment.path.with_extension("json")).unwrap()).unwrap(),
            file: segment.digest(),
        });
        let faults = chain::check(&links.collect::<Vec<_>>());
        assert!(faults.is_empty(), "{faults:?}");
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
