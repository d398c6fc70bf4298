//! The machine that figures are of.

use std::fs;

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
