//! What a process has used so far, as the kernel tells it.

use std::{fs, time::Instant};

/// Ticks of `/proc/PID/stat` in a second: Linux shows the same to all programs (`USER_HZ`).
const TICKS: f64 = 100.0;

/// One look at a process.
pub(crate) struct Sample {
    at: Instant,
    ticks: u64,
    /// Threads now.
    pub(crate) threads: u64,
    /// Resident memory now, in KiB.
    pub(crate) memory: u64,
}

impl Sample {
    pub(crate) fn of(process: u32) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).expect("the daemon runs");
        let stat = read("stat");
        // The name in brackets may hold anything; utime and stime are the 12th and 13th words after it.
        let words: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks = words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap();
        Self {
            at: Instant::now(),
            ticks,
            threads: field(&read("status"), "Threads:"),
            memory: field(&read("smaps_rollup"), "Rss:"),
        }
    }

    /// How many cores were busy with it on average since `earlier`.
    pub(crate) fn cores_since(&self, earlier: &Self) -> f64 {
        (self.ticks - earlier.ticks) as f64 / TICKS / (self.at - earlier.at).as_secs_f64()
    }
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
