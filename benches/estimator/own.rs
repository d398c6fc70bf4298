//! peergate's own estimator, as `peer::sender` has it: told of packets as they are sent.

use std::time::Instant;

use peergate::{quality::estimator::Estimator, rtp::Arrival, units::Bitrate};

use crate::{
    nobody::Nobody,
    subject::{Departure, Subject, Told},
    traffic::Packet,
};

/// One peer's.
pub(crate) struct Own {
    estimator: Estimator,
    /// What its packets do: leave at once.
    way: Nobody,
    begun: Instant,
}

impl Own {
    pub(crate) fn new(most: Bitrate) -> Self {
        let begun = Instant::now();
        Self { estimator: Estimator::new(begun, most), way: Nobody::default(), begun }
    }
}

impl Subject for Own {
    fn send(&mut self, burst: &[Packet]) {
        let now = Instant::now();
        for packet in burst {
            self.estimator.sent(now, packet.sequence, packet.buffer.size());
        }
        self.way.send(burst);
    }

    fn departed(&mut self) -> Vec<Departure> {
        self.way.departed()
    }

    fn feedback(&mut self, told: &[Told]) {
        let micros = |at: Instant| u64::try_from((at - self.begun).as_micros()).unwrap();
        let arrivals: Vec<_> = told
            .iter()
            .map(|told| Arrival { sequence: told.departure.sequence, at: told.arrived.map(micros) })
            .collect();
        self.estimator.feedback(&arrivals);
    }

    fn estimate(&self) -> Bitrate {
        self.estimator.estimate()
    }
}
