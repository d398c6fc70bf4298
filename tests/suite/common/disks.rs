//! Disks of a test's own, mounted where nobody else sees them: `lab/namespace` gives each test its own mounts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A mounted disk. Dropping it takes it away.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// One in memory, of so many MB.
    pub(crate) fn in_memory(megabytes: u32) -> Self {
        let disk = Self::unmounted();
        disk.mount_in_memory(megabytes);
        disk
    }

    /// It is plugged in, one in memory.
    pub(crate) fn mount_in_memory(&self, megabytes: u32) {
        run("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs", &self.text()]);
    }

    /// One with ext4 in a file, of so many MB. It can be frozen.
    pub(crate) fn in_a_file(megabytes: u32) -> Self {
        let disk = Self::unmounted();
        let image = disk.folder.path().join("image");
        format(&image, megabytes);
        disk.mount_file(&image);
        disk
    }

    /// It is plugged in, the one in this file.
    pub(super) fn mount_file(&self, image: &Path) {
        run("mount", &["-o", "loop,errors=remount-ro", image.to_str().unwrap(), &self.text()]);
    }

    /// Where it is to be mounted, with nothing there.
    pub(crate) fn unmounted() -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(disk.path()).unwrap();
        disk
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// From now on nobody may write to it.
    pub(crate) fn make_read_only(&self) {
        run("mount", &["-o", "remount,ro", &self.text()]);
    }

    /// The disk in a file fails: from now on nothing can be written to it.
    pub(crate) fn fail(&self) {
        let source = run("findmnt", &["--noheadings", "--output", "SOURCE", &self.text()]);
        let device = source.trim().trim_start_matches("/dev/");
        fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1").unwrap();
    }

    /// It is unplugged, whoever has files open there.
    pub(crate) fn unplug(&self) {
        run("umount", &["--lazy", &self.text()]);
    }

    /// Whoever writes to it waits, until what this gives is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        run("fsfreeze", &["--freeze", &self.text()]);
        Frozen { path: self.path() }
    }

    fn text(&self) -> String {
        self.path().into_os_string().into_string().unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What was never mounted is no longer so, either.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

/// A disk that takes nothing for now.
#[derive(Debug)]
pub(crate) struct Frozen {
    path: PathBuf,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = Command::new("fsfreeze").arg("--unfreeze").arg(&self.path).status();
    }
}

/// Makes a file with an empty ext4 of so many MB.
pub(super) fn format(image: &Path, megabytes: u32) {
    fs::File::create(image).unwrap().set_len(u64::from(megabytes) << 20).unwrap();
    run("mkfs.ext4", &["-q", image.to_str().unwrap()]);
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
