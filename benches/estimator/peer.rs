//! One peer: who judges its link, the link, and what the peer has to tell.

use std::{collections::VecDeque, time::Instant};

use peergate::units::Bitrate;

use crate::{
    link::Link,
    scene::Scene,
    subject::{Subject, Told},
    traffic::Packet,
};

/// A peer.
pub(crate) struct Peer {
    subject: Box<dyn Subject>,
    link: Link,
    /// What has left, in that order, and was not told of yet.
    untold: VecDeque<Told>,
    estimates: Estimates,
}

/// What was thought of a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimates {
    /// At any time.
    pub(crate) least: Bitrate,
    /// After the last feedback.
    pub(crate) last: Bitrate,
    sum: u64,
    count: u64,
}

impl Peer {
    pub(crate) fn new(subject: Box<dyn Subject>, scene: &Scene) -> Self {
        let estimate = subject.estimate();
        let estimates = Estimates { least: estimate, last: estimate, sum: 0, count: 0 };
        Self { subject, link: Link::of(scene), untold: VecDeque::new(), estimates }
    }

    pub(crate) fn send(&mut self, burst: &[Packet]) {
        self.subject.send(burst);
    }

    /// It tells what has arrived by `now`, and what was lost before that.
    pub(crate) fn tell(&mut self, now: Instant) {
        for departure in self.subject.departed() {
            let arrived = self.link.pass(departure.at, departure.bytes);
            self.untold.push_back(Told { departure, arrived });
        }
        let told = self.untold.iter().take_while(|told| told.arrived.is_none_or(|arrived| arrived <= now)).count();
        let told: Vec<_> = self.untold.drain(..told).collect();
        if !told.is_empty() {
            self.subject.feedback(&told);
        }
        self.estimates.add(self.subject.estimate());
    }

    pub(crate) const fn estimates(&self) -> Estimates {
        self.estimates
    }
}

impl Estimates {
    fn add(&mut self, estimate: Bitrate) {
        (self.least, self.last) = (self.least.min(estimate), estimate);
        self.sum += u64::from(estimate.bits());
        self.count += 1;
    }

    /// On the whole.
    pub(crate) fn mean(&self) -> Bitrate {
        Bitrate::from_bits(u32::try_from(self.sum / self.count.max(1)).unwrap())
    }
}
