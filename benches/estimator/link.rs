//! A link that is simulated: it sends one packet after the other, and delivers each a little later.

use std::time::{Duration, Instant};

use peergate::units::Bitrate;

use crate::scene::Scene;

/// How long a packet is on its way.
const WAY: Duration = Duration::from_millis(20);

/// The link of one peer.
pub(crate) struct Link {
    bears: Bitrate,
    buffer: Duration,
    late: Option<Duration>,
    /// Different from one packet to the next, the same in each run.
    chance: u64,
    /// When it has sent all that it was given.
    free: Option<Instant>,
}

impl Link {
    pub(crate) const fn of(scene: &Scene) -> Self {
        Self { bears: scene.bears, buffer: scene.buffer, late: scene.late, chance: 1, free: None }
    }

    /// A packet of so many `bytes` comes to it at `now`. When it arrives; `None`: it is lost, for too many wait.
    pub(crate) fn pass(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let begun = self.free.map_or(now, |free| free.max(now));
        if begun - now > self.buffer {
            return None;
        }
        let free = begun + Duration::from_secs_f64(bytes as f64 * 8.0 / f64::from(self.bears.bits()));
        self.free = Some(free);
        Some(free + WAY + self.late.filter(|_| self.is_unlucky()).unwrap_or_default())
    }

    /// One in five is.
    const fn is_unlucky(&mut self) -> bool {
        // Knuth's generator; its upper bits are the good ones.
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 40).is_multiple_of(5)
    }
}
