//! What this process has used so far, thread by thread, as the kernel tells it.

use std::{fs, time::Instant};

/// One look.
pub(crate) struct Usage {
    at: Instant,
    /// What its threads have run for in all, in ns.
    busy: u64,
    pub(crate) threads: usize,
}

impl Usage {
    pub(crate) fn now() -> Self {
        // The first word of `schedstat`; the ticks of `stat` are too long for what is measured here.
        let run = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
        let busy: Vec<_> = tasks.filter_map(run).collect();
        Self { at: Instant::now(), busy: busy.iter().sum(), threads: busy.len() }
    }

    /// How many cores were busy with it on average since `earlier`.
    pub(crate) fn cores_since(&self, earlier: &Self) -> f64 {
        self.busy.saturating_sub(earlier.busy) as f64 / 1e9 / (self.at - earlier.at).as_secs_f64()
    }
}
