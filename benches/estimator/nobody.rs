//! Nobody judges: packets leave at once, and what is told is not listened to.

use std::time::Instant;

use peergate::units::Bitrate;

use crate::{
    subject::{Departure, Subject, Told},
    traffic::Packet,
};

/// What the benchmark costs without anything to measure.
#[derive(Default)]
pub(crate) struct Nobody {
    departed: Vec<Departure>,
}

impl Subject for Nobody {
    fn send(&mut self, burst: &[Packet]) {
        let at = Instant::now();
        let departure = |packet: &Packet| Departure { at, sequence: packet.sequence, bytes: packet.buffer.size() };
        self.departed.extend(burst.iter().map(departure));
    }

    fn departed(&mut self) -> Vec<Departure> {
        std::mem::take(&mut self.departed)
    }

    fn feedback(&mut self, _: &[Told]) {}

    fn estimate(&self) -> Bitrate {
        Bitrate::from_bits(0)
    }
}
