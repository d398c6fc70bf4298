//! The folder of recordings, and the disk it is on.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, FlockOperation, access, flock, statvfs, syncfs};

use crate::recording::retention::Disk;

/// Who writes to the folder holds this file locked.
pub(super) const LOCK: &str = ".peergate.lock";

/// How a file begins that is made only to see whether one can be.
const PROBE: &str = ".peergate.probe-";

/// Why nothing can be recorded there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// The folder can't be made, or written to.
    #[error("{folder}: expected a folder that can be written to ([record] dir, --record-dir): {error}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The disk that is to be there is not.
    #[error("{mount}: expected a disk that is mounted there ([record] mount), and there is none: is it plugged in?")]
    NotMounted {
        /// Where.
        mount: PathBuf,
    },
    /// Another process records there.
    #[error(
        "{folder}: another process records there already (it holds {LOCK}); give each daemon a folder of its own \
         ([record] dir, --record-dir)"
    )]
    Taken {
        /// Which folder.
        folder: PathBuf,
    },
    /// There is no room, and none can be made.
    #[error("{folder}: {what}")]
    Full {
        /// Which folder.
        folder: PathBuf,
        /// How much is missing of what, and what helps.
        what: String,
    },
}

/// The folder, and whether it is ours.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    mount: Option<PathBuf>,
    lock: Option<File>,
}

impl Folder {
    pub(super) const fn new(path: PathBuf, mount: Option<PathBuf>) -> Self {
        Self { path, mount, lock: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was opened.
    pub(super) const fn is_ours(&self) -> bool {
        self.lock.is_some()
    }

    /// Makes it, where it is not there, and takes it for ourselves; whether it was not ours before. It is looked at each
    /// time: a disk may be unplugged, and another one be there.
    pub(super) fn open(&mut self) -> Result<bool, DiskError> {
        self.look_for_mount()?;
        let failed = |error| DiskError::Folder { folder: self.path.clone(), error };
        make_folder(&self.path, true).map_err(failed)?;
        let path = self.path.join(LOCK);
        if let Some(lock) = &self.lock
            && is_same(lock, &path)
        {
            return Ok(false);
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => self.lock = Some(lock),
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(DiskError::Taken { folder: self.path.clone() }),
            Err(error) => return Err(failed(error.into())),
        }
        Ok(true)
    }

    /// How much room there is.
    pub(super) fn disk(&self) -> Result<Disk, DiskError> {
        room(&self.path).map_err(|error| DiskError::Folder { folder: self.path.clone(), error })
    }

    /// Brings all that was written there to the disk itself.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(syncfs(File::open(&self.path)?)?)
    }

    fn look_for_mount(&self) -> Result<(), DiskError> {
        match &self.mount {
            Some(mount) if !is_mounted(mount) => Err(DiskError::NotMounted { mount: mount.clone() }),
            _ => Ok(()),
        }
    }
}

/// Looks whether the folder of recordings can be written to, and how much room there is. Makes nothing that stays, and takes
/// nothing from a daemon that records there.
///
/// # Errors
/// When nothing could be recorded there.
pub fn inspect(folder: &Path, mount: Option<&Path>) -> Result<Disk, DiskError> {
    if let Some(mount) = mount.filter(|mount| !is_mounted(mount)) {
        return Err(DiskError::NotMounted { mount: mount.to_owned() });
    }
    let failed = |error| DiskError::Folder { folder: folder.to_owned(), error };
    if folder.is_dir() {
        let probe = folder.join(format!("{PROBE}{}", std::process::id()));
        fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(failed)?;
        return room(folder).map_err(failed);
    }
    // It will be made in the nearest of those it is in.
    let outer =
        folder.ancestors().skip(1).map(|outer| if outer.as_os_str().is_empty() { Path::new(".") } else { outer });
    let outer = outer.into_iter().find(|outer| outer.exists()).unwrap_or(Path::new("/"));
    access(outer, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| failed(error.into()))?;
    room(outer).map_err(failed)
}

/// A mount point is on another device than the folder it is in.
fn is_mounted(mount: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev());
    let parent = mount.parent().unwrap_or(mount);
    matches!((device(mount), device(parent)), (Ok(own), Ok(outer)) if own != outer || mount == parent)
}

fn room(path: &Path) -> io::Result<Disk> {
    let stat = statvfs(path)?;
    Ok(Disk {
        free: stat.f_bavail * stat.f_frsize,
        total: stat.f_blocks * stat.f_frsize,
        // Btrfs, FAT and others count none.
        free_files: (stat.f_files > 0).then_some(stat.f_favail),
    })
}

/// Whether a path still leads to this file.
fn is_same(file: &File, path: &Path) -> bool {
    let identity = |metadata: io::Result<fs::Metadata>| metadata.ok().map(|metadata| (metadata.dev(), metadata.ino()));
    let ours = identity(file.metadata());
    ours.is_some() && ours == identity(fs::metadata(path))
}

/// What a file takes of its disk, in bytes; 0 where there is none. A file has whole blocks, mostly of 4096 bytes.
pub(super) fn taken(path: &Path) -> u64 {
    /// The unit of `st_blocks`, whatever the blocks of the file system are (stat(3type)).
    const BLOCK: u64 = 512;
    fs::metadata(path).map_or(0, |metadata| metadata.blocks().saturating_mul(BLOCK))
}

/// Writes a file so that there is the old one or the new one, whatever happens.
pub(super) fn replace(path: &Path, bytes: &[u8], is_to_last: bool) -> io::Result<()> {
    let beside = unfinished(path);
    let written = write(&beside, bytes, is_to_last).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // Nobody else would; an error: the disk takes nothing at all.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    if is_to_last { sync_folder(path) } else { Ok(()) }
}

/// Brings the name of the file or folder at `path` to the disk itself.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        None => return Ok(()),
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    };
    match File::open(folder)?.sync_all() {
        // fsync(2): some file systems, shares among them, do that with files only.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

/// Makes a folder where it is not there, and those it is in. If it is to last, a power cut does not take away those that
/// were made, with all that is in them.
pub(super) fn make_folder(path: &Path, is_to_last: bool) -> io::Result<()> {
    let made: Vec<_> =
        path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    fs::create_dir_all(path)?;
    if is_to_last { made.into_iter().rev().try_for_each(sync_folder) } else { Ok(()) }
}

/// Where a manifest is written until it is whole.
pub(super) fn unfinished(manifest: &Path) -> PathBuf {
    manifest.with_extension("json.new")
}

fn write(path: &Path, bytes: &[u8], is_to_last: bool) -> io::Result<()> {
    let mut file = File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    if is_to_last { file.sync_data() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_process_s() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let mut first = Folder::new(path.clone(), None);
        assert!(first.open().unwrap());
        assert!(!first.open().unwrap(), "it is ours");
        assert!(first.disk().unwrap().free > 0);
        let error = Folder::new(path.clone(), None).open().unwrap_err();
        assert!(matches!(error, DiskError::Taken { .. }), "{error}");
        drop(first);
        assert!(Folder::new(path, None).open().unwrap());
    }

    #[test]
    fn an_inspection_takes_and_leaves_nothing() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let mut ours = Folder::new(path.clone(), None);
        assert!(inspect(&path, None).unwrap().free > 0);
        assert!(!path.exists());
        ours.open().unwrap();
        assert!(inspect(&path, None).unwrap().free > 0, "whoever records there");
        let names: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [LOCK]);
        let error = inspect(&path, Some(&path)).unwrap_err();
        assert!(matches!(error, DiskError::NotMounted { .. }), "{error}");
        fs::write(base.path().join("file"), "").unwrap();
        let error = inspect(&base.path().join("file/a"), None).unwrap_err();
        assert!(matches!(error, DiskError::Folder { .. }), "{error}");
    }

    #[test]
    fn folders_are_made_with_those_they_are_in() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b/c");
        for is_to_last in [true, false] {
            make_folder(&path, is_to_last).unwrap();
            assert!(path.is_dir());
        }
        fs::write(base.path().join("file"), "").unwrap();
        assert!(make_folder(&base.path().join("file/a"), true).is_err());
        // One without a folder before it is in the one that the process is in.
        sync_folder(Path::new("recordings")).unwrap();
    }

    #[test]
    fn a_disk_that_is_not_there_is_missed() {
        let base = tempfile::tempdir().unwrap();
        let at = |mount: &str| Folder::new(base.path().join("recordings"), Some(mount.into())).open();
        let error = at(base.path().to_str().unwrap()).unwrap_err();
        assert!(matches!(error, DiskError::NotMounted { .. }), "{error}");
        assert!(at("/proc").unwrap());
    }

    #[test]
    fn a_file_that_is_replaced_is_there_whole() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("x.json");
        replace(&path, b"one", true).unwrap();
        replace(&path, b"two", false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
    }
}
