//! A segment on the disk: its file, which grows by whole clusters, and the manifest beside it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{disk, keeper::Pins, machine, sync::Sync};
use crate::recording::{
    Account, Ended, FileName, Opening, Stem,
    manifest::{Manifest, Moment, State},
};

/// How often the manifest of a segment that is written is brought up to date. After a crash the file itself says the rest.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// How often where there is another gap: of that the file says nothing.
const NOTE_GAPS_EVERY: Duration = Duration::from_secs(1);

/// The most times that another name is looked for. Only a clock that was set back to where files are makes for one.
const TRIES: usize = 1000;

/// A segment that is written.
#[derive(Debug)]
pub(super) struct SegmentFile {
    file: File,
    path: PathBuf,
    manifest: Manifest,
    begin: Duration,
    /// `None` where the system may bring it to the disk when it likes.
    sync: Option<Sync>,
    noted: Instant,
    pins: Pins,
}

/// A segment that is written to its end, but for its digest.
#[derive(Debug)]
pub(super) struct Closed {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What is to be written beside it, once its digest is known.
    pub(super) manifest: Manifest,
}

impl SegmentFile {
    /// Makes the files: the manifest first, so that nothing is there of which nobody knows. Their name is later than
    /// `previous` and than any other in the folder.
    pub(super) fn create(
        folder: &Path,
        previous: Option<Stem>,
        start: Moment,
        opening: &Opening,
        sync: Option<Duration>,
        pins: Pins,
        manifest: impl Fn(FileName) -> Manifest,
    ) -> io::Result<(Self, Stem)> {
        disk::make_folder(folder, sync.is_some())?;
        let mut last = previous.max(latest(folder)?);
        for _ in 0..TRIES {
            let stem = Stem::after(last.as_ref(), start.wall);
            last = Some(stem);
            let name = FileName::new(format!("{stem}.{}", opening.container.extension())).map_err(io::Error::other)?;
            let path = folder.join(&name);
            let mut manifest = manifest(name);
            manifest.pinned = pins.borrow().contains(&manifest.recording);
            let beside = manifest_path(&path);
            if beside.exists() {
                continue;
            }
            match disk::replace(&beside, &manifest.to_json(), sync.is_some()) {
                // The keeper has removed the last that was in the folder, and the folder with it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    disk::make_folder(folder, sync.is_some())?;
                    continue;
                }
                outcome => outcome?,
            }
            let file = match begin(&path, &opening.header) {
                Ok(file) => file,
                Err(error) => {
                    // Nothing is left of what was not begun. An error: the disk takes nothing at all.
                    let _ = fs::remove_file(&beside);
                    if error.kind() == io::ErrorKind::AlreadyExists {
                        continue;
                    }
                    let _ = fs::remove_file(&path);
                    return Err(error);
                }
            };
            manifest.bytes = opening.header.len() as u64;
            let (begin, sync, noted) = (opening.begin, sync.map(Sync::new), Instant::now());
            return Ok((Self { file, path, manifest, begin, sync, noted, pins }, stem));
        }
        Err(io::Error::other("no name is free in the folder; was the clock set back?"))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The time of its first frame.
    pub(super) const fn begins_at(&self) -> Duration {
        self.begin
    }

    /// Appends a cluster in one write. `account` is what is said of the segment by now, unless it is about to end.
    pub(super) fn append(&mut self, cluster: &[u8], account: Option<&Account>) -> io::Result<()> {
        self.file.write_all(cluster)?;
        self.manifest.bytes += cluster.len() as u64;
        if self.sync.as_mut().is_some_and(|sync| sync.handle_write(Instant::now())) {
            self.sync()?;
        }
        let Some(account) = account else { return Ok(()) };
        let every = if account.gaps.count() == self.manifest.gaps.count() { NOTE_EVERY } else { NOTE_GAPS_EVERY };
        if self.noted.elapsed() >= every {
            self.note(account.clone());
            disk::replace(&manifest_path(&self.path), &self.manifest.to_json(), self.sync.is_some())?;
            self.noted = Instant::now();
        }
        Ok(())
    }

    /// When [`Self::sync`] is due, should nothing more be appended.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.sync.as_ref().and_then(Sync::next_deadline)
    }

    /// Brings what was written to the disk itself.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let Some(sync) = &mut self.sync else { return Ok(()) };
        let begun = Instant::now();
        self.file.sync_data()?;
        if !sync.has_begun() {
            // What is in a file can be there without its name.
            disk::sync_folder(&self.path)?;
        }
        sync.handle_done(begun, Instant::now());
        Ok(())
    }

    /// Makes it whole, and says so. What is left is its digest, for which all of it has to be read.
    pub(super) fn end(mut self, ended: Ended) -> io::Result<Closed> {
        let Ended { ending, account } = ended;
        self.file.write_all(&ending.append)?;
        self.manifest.bytes += ending.append.len() as u64;
        if self.sync.is_some() {
            self.file.sync_data()?;
        }
        for patch in &ending.patches {
            self.file.write_all_at(&patch.bytes, patch.offset)?;
        }
        if self.sync.is_some() {
            self.file.sync_data()?;
        }
        self.note(account);
        self.manifest.state = State::Finished;
        disk::replace(&manifest_path(&self.path), &self.manifest.to_json(), self.sync.is_some())?;
        Ok(Closed { path: self.path, manifest: self.manifest })
    }

    /// Says in the manifest what is in the file.
    fn note(&mut self, account: Account) {
        let length = account.end.saturating_sub(self.begin);
        self.manifest.end = Some(machine::after(self.manifest.start, length));
        self.manifest.tracks = account.tracks;
        self.manifest.gaps = account.gaps;
        self.manifest.pinned = self.pins.borrow().contains(&self.manifest.recording);
    }
}

/// Makes a file with this at its start.
fn begin(path: &Path, header: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(header)?;
    Ok(file)
}

/// Where the manifest of a segment is.
pub(super) fn manifest_path(segment: &Path) -> PathBuf {
    segment.with_extension("json")
}

/// The last name in a folder.
fn latest(folder: &Path) -> io::Result<Option<Stem>> {
    let mut latest = None;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let stem = Path::new(&name).file_stem().and_then(|stem| stem.to_str()?.parse::<Stem>().ok());
        latest = latest.max(stem);
    }
    Ok(latest)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        ids::{BootId, PeerId, RecordingId},
        recording::{
            Container,
            manifest::{Direction, Gaps},
        },
    };

    #[test]
    fn a_folder_that_is_removed_meanwhile_is_made_again() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("gateway/camera");
        let opening = Opening { container: Container::Matroska, header: vec![1, 2, 3], begin: Duration::ZERO };
        let start = machine::now();
        let is_removed = std::cell::Cell::new(false);
        let manifest = |file| {
            if !is_removed.replace(true) {
                fs::remove_dir(&folder).unwrap();
            }
            Manifest {
                recording: RecordingId::new("one").unwrap(),
                member: PeerId::new("gateway").unwrap(),
                peer: PeerId::new("camera").ok(),
                direction: Direction::Remote,
                sequence: 0,
                container: Container::Matroska,
                file,
                state: State::Recording,
                pinned: false,
                boot: BootId::new("boot").unwrap(),
                start,
                end: None,
                bytes: 0,
                sha256: None,
                previous: None,
                tracks: Vec::new(),
                gaps: Gaps::default(),
            }
        };
        let (_told, pins) = tokio::sync::watch::channel(HashSet::new());
        let (file, _) = SegmentFile::create(&folder, None, start, &opening, None, pins, manifest).unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), [1, 2, 3]);
        assert!(manifest_path(file.path()).exists());
    }
}
