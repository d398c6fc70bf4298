//! What a process holds of the system, as the kernel tells it.

use std::{fs, path::PathBuf, time::Duration};

/// Threads, descriptors and memory of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// Threads, but those of the runtime's pool: it grows and shrinks with what there is to do.
    pub(crate) threads: usize,
    /// File descriptors.
    pub(crate) descriptors: usize,
    /// Resident memory, in KiB.
    pub(crate) memory: u64,
}

impl Held {
    /// Of the process with this id.
    pub(crate) fn by(process: u32) -> Self {
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
        // A thread may end between the listing and the look.
        let threads = entries(process, "task").filter_map(name).filter(|name| !name.starts_with("tokio")).count();
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("the process runs");
        let resident = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).expect("its memory is told");
        let memory = resident.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("in KiB");
        Self { threads, descriptors: entries(process, "fd").count(), memory }
    }

    /// Waits until the process holds no more threads and descriptors than these, and at most so many KiB more, and gives what
    /// it holds then; or what it holds after `limit`.
    pub(crate) async fn again(self, process: u32, more_memory: u64, limit: Duration) -> Self {
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        let fallen = async {
            loop {
                turns.tick().await;
                let now = Self::by(process);
                let is_less = now.threads <= self.threads && now.descriptors <= self.descriptors;
                if is_less && now.memory <= self.memory.saturating_add(more_memory) {
                    return now;
                }
            }
        };
        tokio::time::timeout(limit, fallen).await.unwrap_or_else(|_| Self::by(process))
    }
}

/// How many descriptors of cameras a process holds, those that were unplugged among them.
pub(crate) fn cameras(process: u32) -> usize {
    let target = |descriptor: fs::DirEntry| fs::read_link(descriptor.path()).ok();
    let is_camera = |target: &PathBuf| target.to_string_lossy().starts_with("/dev/video");
    entries(process, "fd").filter_map(target).filter(is_camera).count()
}

fn entries(process: u32, folder: &str) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(format!("/proc/{process}/{folder}")).expect("the process runs").filter_map(Result::ok)
}
