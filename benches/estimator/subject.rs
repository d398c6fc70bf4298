//! What is measured: something that judges a link.

use std::{fmt, time::Instant};

use peergate::{media::clockwork::Clockwork, units::Bitrate};

use crate::{gcc::Gcc, nobody::Nobody, own::Own, traffic::Packet};

/// Judges the link of one peer.
pub(crate) trait Subject {
    /// The packets of a burst are given to it, to be sent.
    fn send(&mut self, burst: &[Packet]);
    /// What has left since this was asked last, in that order.
    fn departed(&mut self) -> Vec<Departure>;
    /// The peer says what became of packets.
    fn feedback(&mut self, told: &[Told]);
    /// What it thinks the link bears.
    fn estimate(&self) -> Bitrate;
}

/// A packet that has left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    pub(crate) at: Instant,
    pub(crate) sequence: u16,
    pub(crate) bytes: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) departure: Departure,
    /// `None`: it was lost.
    pub(crate) arrived: Option<Instant>,
}

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None at all: what the benchmark itself costs.
    Nobody,
    /// peergate's.
    Own,
    /// GStreamer's, without feedback.
    DeafGcc,
    /// GStreamer's.
    Gcc,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Nobody, Self::Own, Self::DeafGcc, Self::Gcc];
    /// Those that come to a verdict.
    pub(crate) const RIVALS: [Self; 2] = [Self::Own, Self::Gcc];

    /// A new one, which thinks that its link bears `most`, and never more.
    pub(crate) async fn subject(self, most: Bitrate, clockwork: &Clockwork) -> Box<dyn Subject> {
        match self {
            Self::Nobody => Box::new(Nobody::default()),
            Self::Own => Box::new(Own::new(most)),
            Self::DeafGcc => Box::new(Gcc::start(most, clockwork, false).await),
            Self::Gcc => Box::new(Gcc::start(most, clockwork, true).await),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "nobody (the benchmark itself)",
            Self::Own => "peergate's estimator",
            Self::DeafGcc => "`rtpgccbwe`, told nothing",
            Self::Gcc => "`rtpgccbwe`",
        })
    }
}
