//! The figures, as a person reads them.

use std::{fmt, fs, time::Duration};

use crate::audience::Viewing;

/// Frames a second that the daemon sends. A viewer that sees one in fifty less has missed some.
const RATE: f64 = 30.0;

/// The daemon with so many viewers.
pub(crate) struct Level {
    pub(crate) viewers: usize,
    /// Cores that were busy with it.
    pub(crate) cores: f64,
    pub(crate) threads: u64,
    /// Resident, in KiB.
    pub(crate) memory: u64,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) period: Duration,
    pub(crate) levels: Vec<Level>,
    pub(crate) viewings: Vec<Viewing>,
}

/// Processor, cores, and what else keeps them busy.
pub(crate) fn machine() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let models: Vec<_> = cpuinfo.lines().filter_map(|line| line.strip_prefix("model name\t: ")).collect();
    let load = read("/proc/loadavg");
    format!(
        "{} cores of {}, load {} at the start",
        std::thread::available_parallelism().map_or(0, usize::from),
        models.first().unwrap_or(&"an unnamed processor"),
        load.split(' ').next().unwrap_or("unknown"),
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "1280x720 at 30/s, H.264 2 Mbit/s and Opus; {} s for each level", self.period.as_secs())?;
        writeln!(f, "{}\n", self.machine)?;
        writeln!(f, "| viewers | CPU, % of a core | for each further | threads | each | memory, MB | each |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for level in &self.levels {
            let Level { viewers, cores, threads, memory } = level;
            write!(f, "| {viewers} | {:.1} |", cores * 100.0)?;
            match self.levels.first().filter(|first| first.viewers < *viewers) {
                Some(first) => {
                    let further = (viewers - first.viewers) as f64;
                    let each = |now: f64, then: f64| (now - then) / further;
                    write!(f, " {:.2} |", each(*cores, first.cores) * 100.0)?;
                    write!(f, " {threads} | {:.1} |", each(*threads as f64, first.threads as f64))?;
                    let memory_each = each(*memory as f64, first.memory as f64);
                    writeln!(f, " {:.1} | {:.2} |", *memory as f64 / 1024.0, memory_each / 1024.0)?;
                }
                None => writeln!(f, " - | {threads} | - | {:.1} | - |", *memory as f64 / 1024.0)?,
            }
        }
        let mut joins: Vec<_> = self.viewings.iter().map(|viewing| viewing.first_keyframe).collect();
        joins.sort_unstable();
        writeln!(
            f,
            "\njoin to first keyframe: {} ms (p50), {} ms (p95), {} joins",
            quantile(&joins, 0.5),
            quantile(&joins, 0.95),
            joins.len()
        )?;
        let whole = |viewing: &&Viewing| viewing.gaps == 0 && viewing.rate > RATE * 0.98;
        writeln!(
            f,
            "viewers without a gap: {} of {}",
            self.viewings.iter().filter(whole).count(),
            self.viewings.len()
        )?;
        let slowest = self.viewings.iter().map(|viewing| viewing.rate).fold(f64::INFINITY, f64::min);
        let shortest = self.viewings.iter().map(|viewing| viewing.frames).min().unwrap_or(0);
        writeln!(f, "slowest viewer: {slowest:.2} frames/s; fewest frames: {shortest}")
    }
}

fn quantile(sorted: &[u64], part: f64) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(0)
}
