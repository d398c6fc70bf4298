//! What came lately, and the shortest way ever.

use std::{collections::VecDeque, time::Duration};

use super::Packet;
use crate::units::Bitrate;

/// How long packets are remembered.
const MEMORY: Duration = Duration::from_secs(1);

/// By the packets of what time a queue is told, and what comes through: of three frames at 15/s.
const RECENT: Duration = Duration::from_millis(200);

/// Fewer tell nothing.
const FEW: usize = 8;

/// How long the shortest way is remembered. Clocks drift apart, and routes change.
const ROUTE: Duration = Duration::from_secs(30);

/// The packets of the last second.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    packets: VecDeque<Packet>,
}

impl Window {
    pub(super) fn add(&mut self, packet: Packet) {
        self.packets.push_back(packet);
    }

    /// One packet that left then is not missing any more.
    pub(super) fn forget_missing(&mut self, departed: Duration) {
        let is_it = |packet: &Packet| packet.departed == departed && packet.arrived.is_none();
        if let Some(index) = self.packets.iter().rposition(is_it) {
            self.packets.remove(index);
        }
    }

    pub(super) fn forget(&mut self, now: Duration) {
        while self.packets.front().is_some_and(|packet| packet.departed + MEMORY < now) {
            self.packets.pop_front();
        }
    }

    /// The share that was lost.
    pub(super) fn lost(&self) -> f64 {
        let lost = self.packets.iter().filter(|packet| packet.arrived.is_none()).count();
        if self.packets.len() < 2 * FEW { 0.0 } else { lost as f64 / self.packets.len() as f64 }
    }

    /// The shortest way of those that came lately: a handful, and for some time.
    pub(super) fn shortest_way(&self) -> Option<i64> {
        let came = self.packets.iter().rev().filter_map(|packet| Some((packet.arrived?, packet.way()?)));
        let (mut count, mut newest, mut shortest) = (0, None, None);
        for (arrived, way) in came {
            let newest = *newest.get_or_insert(arrived);
            if count >= FEW && arrived + RECENT < newest {
                break;
            }
            count += 1;
            shortest = Some(shortest.map_or(way, |least: i64| least.min(way)));
        }
        shortest.filter(|_| count >= FEW)
    }

    /// When the last of them arrived, by the peer's clock.
    pub(super) fn newest(&self) -> Option<Duration> {
        self.packets.iter().rev().find_map(|packet| packet.arrived)
    }

    /// What has arrived lately, by the peer's clock. What arrived before, and when, says from when on: a frame arrives as a
    /// whole where the network has joined its packets.
    pub(super) fn bitrate(&self) -> Option<Bitrate> {
        let newest = self.newest()?;
        let mut bytes = 0_u64;
        for packet in self.packets.iter().rev() {
            let Some(arrived) = packet.arrived else { continue };
            if arrived + RECENT <= newest {
                return (bytes > 0).then(|| Bitrate::of(bytes, newest.saturating_sub(arrived)));
            }
            bytes += u64::from(packet.bytes);
        }
        Some(Bitrate::of(bytes, RECENT))
    }
}

/// The least of what was seen within a time, roughly: of this and the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Floor {
    begun: Duration,
    before: Option<i64>,
    present: Option<i64>,
}

impl Floor {
    pub(super) fn see(&mut self, now: Duration, value: i64) {
        if now.saturating_sub(self.begun) > ROUTE {
            self.before = self.present.take();
            self.begun = now;
        }
        self.present = Some(self.present.map_or(value, |least| least.min(value)));
    }

    pub(super) fn shortest(&self) -> Option<i64> {
        self.before.into_iter().chain(self.present).min()
    }
}
