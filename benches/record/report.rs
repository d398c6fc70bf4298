//! The figures, as a person reads them.

use std::{fmt, time::Duration};

use crate::{contest::Contest, kind::Kind, overhead::Overhead, reached::reached};

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) period: Duration,
    /// The first is of H.264.
    pub(crate) contests: Vec<Contest>,
    pub(crate) overhead: Overhead,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, period, contests, overhead } = self;
        writeln!(f, "1280x720 at 30/s, 2 Mbit/s and Opus; {} s for each figure", period.as_secs())?;
        writeln!(f, "{machine}\n")?;
        for Contest { codec, bitrate, streams, .. } in contests {
            writeln!(f, "{streams} streams of {codec} and Opus, {} kbit/s of RTP each", bitrate / 1000)?;
        }
        let codecs: Vec<_> = contests.iter().map(|contest| contest.codec.to_string()).collect();
        writeln!(f, "\n| CPU for each stream, % of a core | {} | threads |", codecs.join(" | "))?;
        writeln!(f, "| --- |{} --- |", " --- |".repeat(codecs.len()))?;
        for kind in Kind::ALL {
            let cores = contests.iter().map(|contest| contest.cores(kind) * 100.0);
            let cores: Vec<_> = cores.map(|cores| format!("{cores:.2}")).collect();
            let threads = contests.iter().flat_map(|contest| &contest.costs).find(|(one, _)| *one == kind);
            let threads = threads.map_or(0.0, |(_, cost)| cost.threads);
            writeln!(f, "| {kind} | {} | {threads:.1} |", cores.join(" | "))?;
        }
        let Overhead { peers, turns, threads: [threads, threads_with], .. } = overhead;
        writeln!(f, "\n| a daemon with {peers} peers that send | CPU, % of a core | threads |\n| --- | --- | --- |")?;
        for [without, with] in turns {
            writeln!(f, "| received | {:.1} | {threads} |", without * 100.0)?;
            writeln!(f, "| recorded | {:.1} | {threads_with} |", with * 100.0)?;
        }
        writeln!(f)?;
        for fault in &overhead.faults {
            writeln!(f, "{fault}")?;
        }
        write!(f, "{}", reached(self))
    }
}
