//! The figures, as a person reads them.

use std::{fmt, time::Duration};

use crate::{audience::Viewing, reached::reached};

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

/// What each further viewer costs.
pub(crate) struct Each {
    pub(crate) cores: f64,
    pub(crate) threads: f64,
    /// In KiB.
    pub(crate) memory: f64,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) period: Duration,
    /// From the start until it had joined.
    pub(crate) start: Duration,
    /// The first without viewers.
    pub(crate) levels: Vec<Level>,
    /// With as many as can be.
    pub(crate) crowd: Option<Level>,
    /// In ms: 95 of 100 frames take no longer.
    pub(crate) capture_to_wire: Option<f64>,
    /// In the order in which they came.
    pub(crate) viewings: Vec<Viewing>,
    /// Of single viewers who came while nothing ran: from `join` to the first keyframe, in ms.
    pub(crate) from_idle: Vec<u64>,
}

impl Report {
    /// The level with one viewer or few, from which further ones count.
    pub(crate) fn first(&self) -> Option<&Level> {
        self.levels.iter().find(|level| level.viewers > 0)
    }

    /// What each viewer beyond the first level's costs at `level`.
    pub(crate) fn each(&self, level: &Level) -> Option<Each> {
        let first = self.first().filter(|first| first.viewers < level.viewers)?;
        let further = (level.viewers - first.viewers) as f64;
        Some(Each {
            cores: (level.cores - first.cores) / further,
            threads: (level.threads as f64 - first.threads as f64) / further,
            memory: (level.memory as f64 - first.memory as f64) / further,
        })
    }

    /// Viewers that saw every frame, and all.
    pub(crate) fn whole(&self) -> (usize, usize) {
        let whole = |viewing: &&Viewing| viewing.gaps == 0 && viewing.rate > RATE * 0.98;
        (self.viewings.iter().filter(whole).count(), self.viewings.len())
    }

    /// From `join` to the first keyframe, in ms: half of those before the crowd, and 95 of 100, take no longer.
    pub(crate) fn joins(&self) -> (u64, u64) {
        let before = self.levels.iter().map(|level| level.viewers).max().unwrap_or(0);
        let mut joins: Vec<_> = self.viewings.iter().take(before).map(|viewing| viewing.first_keyframe).collect();
        joins.sort_unstable();
        (quantile(&joins, 0.5), quantile(&joins, 0.95))
    }

    /// From `join` to the first keyframe where source and encoder start, in ms: half of them, and all, take no longer.
    pub(crate) fn idle_starts(&self) -> (u64, u64) {
        let mut joins = self.from_idle.clone();
        joins.sort_unstable();
        (quantile(&joins, 0.5), quantile(&joins, 1.0))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "1280x720 at 30/s, H.264 2 Mbit/s and Opus; {} s for each level", self.period.as_secs())?;
        writeln!(f, "{}\n", self.machine)?;
        writeln!(f, "| viewers | CPU, % of a core | for each further | threads | each | memory, MB | each |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for level in self.levels.iter().chain(&self.crowd) {
            let Level { viewers, cores, threads, memory } = level;
            let (cores, memory) = (cores * 100.0, *memory as f64 / 1024.0);
            match self.each(level) {
                Some(each) => writeln!(
                    f,
                    "| {viewers} | {cores:.1} | {:.2} | {threads} | {:.1} | {memory:.1} | {:.2} |",
                    each.cores * 100.0,
                    each.threads,
                    each.memory / 1024.0
                )?,
                None => writeln!(f, "| {viewers} | {cores:.1} | - | {threads} | - | {memory:.1} | - |")?,
            }
        }
        let slowest = self.viewings.iter().map(|viewing| viewing.rate).fold(f64::INFINITY, f64::min);
        let shortest = self.viewings.iter().map(|viewing| viewing.frames).min().unwrap_or(0);
        writeln!(f, "\nslowest viewer: {slowest:.2} frames/s; fewest frames: {shortest}\n")?;
        write!(f, "{}", reached(self))
    }
}

fn quantile(sorted: &[u64], part: f64) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(0)
}
