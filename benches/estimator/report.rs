//! The figures, as a person reads them.

use std::{fmt, time::Duration};

use peergate::units::Bitrate;

use crate::{peer::Estimates, scene::Scene, subject::Kind};

/// What one kind costs with all peers.
pub(crate) struct Cost {
    pub(crate) kind: Kind,
    pub(crate) cores: f64,
    pub(crate) threads: usize,
}

/// What was made of a scene.
pub(crate) struct Verdict {
    pub(crate) scene: &'static Scene,
    /// In the order of [`Kind::RIVALS`].
    pub(crate) estimates: Vec<Estimates>,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) peers: usize,
    pub(crate) period: Duration,
    /// What the links are asked to bear at most.
    pub(crate) most: Bitrate,
    /// The first is of nobody.
    pub(crate) costs: Vec<Cost>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, peers, period, most, costs, verdicts } = self;
        writeln!(
            f,
            "{peers} peers, each sent 30 frames of 7 packets and 50 packets of sound a second; {} s",
            period.as_secs()
        )?;
        writeln!(f, "{machine}\n")?;
        writeln!(f, "| who judges the links | CPU for each peer, % of a core | threads for each peer |")?;
        writeln!(f, "| --- | --- | --- |")?;
        let without = costs.iter().find(|cost| cost.kind == Kind::Nobody).map_or(0.0, |cost| cost.cores);
        for Cost { kind, cores, threads } in costs {
            let cores = if *kind == Kind::Nobody { *cores } else { cores - without };
            let (cores, threads) = (cores * 100.0 / *peers as f64, *threads as f64 / *peers as f64);
            writeln!(f, "| {kind} | {cores:.3} | {threads:.0} |")?;
        }
        let most = most.kilobits();
        writeln!(
            f,
            "\nWhat is thought of a link that is asked to bear {most} kbit/s at most, on the whole, at least and at last, in kbit/s:\n"
        )?;
        let rivals: Vec<_> = Kind::RIVALS.iter().map(Kind::to_string).collect();
        writeln!(f, "| scene | bears | {} |\n| --- | --- | --- | --- |", rivals.join(" | "))?;
        for Verdict { scene, estimates } in verdicts {
            let figures =
                |of: &Estimates| format!("{}, {}, {}", of.mean().kilobits(), of.least.kilobits(), of.last.kilobits());
            let figures: Vec<_> = estimates.iter().map(figures).collect();
            writeln!(f, "| {scene} | {} | {} |", scene.bears.kilobits(), figures.join(" | "))?;
        }
        Ok(())
    }
}
