//! A disk whose power can be cut: what it holds then is what had come to it, and not what the system still had in memory.
//!
//! It is a file on another disk. To freeze that one is the cut: from that moment on nothing comes to the file any more, in
//! whatever order the system would have written the rest, and nobody above it was asked to bring anything to an end. The file
//! is copied then. Who mounts the copy finds what is found after a cut: a file system with a journal to be replayed.

use std::{fs, path::PathBuf};

use super::disks::{self, Disk};

/// How much room there is on the disk below, in disks like this one: for it, for the one that follows it, and to spare.
const BELOW: u32 = 3;

/// How much there is in memory: for the disk below, and for what is left of this one.
const MEMORY: u32 = 4;

/// A mounted disk whose power can be cut. Dropping it takes it away.
#[derive(Debug)]
pub(crate) struct PoweredDisk {
    // In the order in which they are taken away.
    disk: Disk,
    below: Disk,
    /// What holds that one: in memory it is frozen in no time.
    memory: Disk,
}

impl PoweredDisk {
    /// One of so many MB, with ext4.
    pub(crate) fn new(megabytes: u32) -> Self {
        let powered =
            Self { disk: Disk::unmounted(), below: Disk::unmounted(), memory: Disk::in_memory(MEMORY * megabytes) };
        let below = powered.memory.path().join("below");
        disks::format(&below, BELOW * megabytes);
        powered.below.mount_file(&below);
        disks::format(&powered.image(), megabytes);
        powered.disk.mount_file(&powered.image());
        powered
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.disk.path()
    }

    /// The power is cut. Whoever writes there does not know, and goes on until it is killed; what it writes is gone when
    /// the power [comes back](PoweredDisk::come_back). Gives what `look` sees at that moment, or a few ms later.
    pub(crate) fn cut<T>(&self, look: impl FnOnce() -> T) -> T {
        let frozen = self.below.freeze();
        let seen = look();
        // Not to the one that is frozen.
        fs::copy(self.image(), self.left()).unwrap();
        drop(frozen);
        seen
    }

    /// The power is back, and the disk is mounted again, with what it held. To be called when nobody has files open there.
    pub(crate) fn come_back(&self) {
        self.disk.unplug();
        let image = self.image();
        // The old file is taken until the system has let go of it.
        fs::remove_file(&image).unwrap();
        fs::copy(self.left(), &image).unwrap();
        self.disk.mount_file(&image);
    }

    fn image(&self) -> PathBuf {
        self.below.path().join("image")
    }

    /// What the disk held when its power was cut.
    fn left(&self) -> PathBuf {
        self.memory.path().join("left")
    }
}
