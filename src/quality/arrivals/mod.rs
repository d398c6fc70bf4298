//! What a link bears, judged by when each packet has arrived (transport-wide congestion control feedback).
//!
//! What is looked for is a queue that stands: packets that all wait, also the first of a frame. Frames leave here in one
//! burst, and keyframes are made when any viewer asks for one, so that single packets wait on any link; by radio, they come
//! late by themselves; and a scene that hardly moves sends a tenth of what the link bears. GStreamer's `rtpgccbwe`, which
//! looks at how delays change, takes late packets for a full link, and then what is sent for what it bears
//! (`./dev bench estimator`).

mod window;

use std::time::Duration;

use self::window::{Floor, Window};
use super::scaled;
use crate::units::Bitrate;

/// Packets that all wait at least this long stand in a queue.
const STANDING: Duration = Duration::from_millis(80);

/// Packets that wait no longer than this stand in none.
const FLOWING: Duration = Duration::from_millis(30);

/// More than this is lost where too much is sent and nothing waits. What is less is sent again, and there is room for that:
/// no queue stands. A radio link may lose a fifth at a bad moment, and would lose it of less, too.
const HARMFUL_LOSS: f64 = 0.3;

/// Less than this is lost on any link.
const HARMLESS_LOSS: f64 = 0.05;

/// What is taken of what comes through a full link, so that its queue gets shorter.
const RELIEF: f64 = 0.85;

/// The least that is taken of it, however long the queue is.
const LEAST_RELIEF: f64 = 0.5;

/// A queue of this length is to be gone in a second or two.
const LONG_QUEUE: Duration = Duration::from_secs(2);

/// How much more is thought to be possible each second: where that was borne before, or nothing has been said against it
/// for a while; and else.
const RECOVERY: f64 = 1.25;
const GROWTH: f64 = 1.08;

/// A while.
const CALM: Duration = Duration::from_secs(5);

/// How often it is measured anew what comes through a full link: until what was sent before is through, the first measure
/// may have been of a burst that the link let pass.
const INTERVAL: Duration = Duration::from_millis(200);

/// A packet that was sent, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// When it left, by our clock.
    pub departed: Duration,
    /// When it arrived, by the peer's clock; `None` where it did not.
    pub arrived: Option<Duration>,
    /// How long it is.
    pub bytes: u32,
}

/// The estimator.
#[derive(Debug, Clone)]
pub struct Arrivals {
    estimate: Bitrate,
    most: Bitrate,
    /// What came through when the link was full.
    borne: Option<Bitrate>,
    window: Window,
    /// The shortest way of a packet, in µs. The two clocks differ by anything, so only differences mean something.
    shortest: Floor,
    now: Duration,
    /// When the estimate was lowered last: by when the packets departed that were told of then, and by when they arrived.
    lowered: Option<(Duration, Duration)>,
    /// How long packets waited when the last feedback came, all of them.
    queue: Duration,
}

impl Arrivals {
    /// One that thinks a link bears `most` until it sees otherwise; never more.
    #[must_use]
    pub fn new(most: Bitrate) -> Self {
        Self {
            estimate: most,
            most,
            borne: None,
            window: Window::default(),
            shortest: Floor::default(),
            now: Duration::ZERO,
            lowered: None,
            queue: Duration::ZERO,
        }
    }

    /// What the link bears.
    #[must_use]
    pub const fn estimate(&self) -> Bitrate {
        self.estimate
    }

    /// Whether nothing that it was ever asked to bear was too much.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.estimate >= self.most
    }

    /// Asks it to bear `most` from now on, and no more. One that has borne all so far is thought to bear that, too.
    pub fn ask(&mut self, most: Bitrate) {
        self.estimate = if self.is_unlimited() { most } else { self.estimate.min(most) };
        self.most = most;
    }

    /// How long packets wait on their way, all of them.
    #[must_use]
    pub const fn queue(&self) -> Duration {
        self.queue
    }

    /// Whether packets stand in a queue: whatever is sent comes late, or gets lost.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.queue >= STANDING
    }

    /// The share of packets that were lost in the last second.
    #[must_use]
    pub fn lost(&self) -> f64 {
        self.window.lost()
    }

    /// Feedback has come, in the order in which packets left.
    pub fn feedback(&mut self, packets: &[Packet]) {
        for packet in packets {
            self.window.add(*packet);
            if let Some(way) = packet.way() {
                self.shortest.see(packet.departed, way);
            }
        }
        let Some(now) = packets.iter().map(|packet| packet.departed).max().filter(|now| *now > self.now) else {
            return;
        };
        let passed = if self.now.is_zero() { Duration::ZERO } else { now - self.now };
        self.now = now;
        self.window.forget(now);
        let (queue, lost) = (self.waiting(), self.lost());
        self.queue = queue.unwrap_or_default();
        if self.is_full() || lost > HARMFUL_LOSS {
            self.lower(now, self.queue, lost);
        } else if queue.is_some_and(|queue| queue <= FLOWING) && lost < HARMLESS_LOSS {
            self.raise(now, passed);
        }
    }

    /// A packet that was thought lost, and left then, has come after all.
    pub fn came_late(&mut self, departed: Duration) {
        self.window.forget_missing(departed);
    }

    /// How long packets wait, all of them; `None` while too few have come to tell.
    fn waiting(&self) -> Option<Duration> {
        let waiting = self.window.shortest_way()? - self.shortest.shortest()?;
        Some(Duration::from_micros(u64::try_from(waiting).unwrap_or(0)))
    }

    fn lower(&mut self, now: Duration, queue: Duration, lost: f64) {
        let (Some(through), Some(arrived)) = (self.window.bitrate(), self.window.newest()) else { return };
        // By the arrival: where a queue grows, it takes long until what departs after this arrives.
        if self.lowered.is_some_and(|(_, lowered)| arrived.saturating_sub(lowered) < INTERVAL) {
            return;
        }
        let relief = (RELIEF - queue.as_secs_f64() / LONG_QUEUE.as_secs_f64()).max(LEAST_RELIEF);
        let borne = if queue >= STANDING {
            self.borne = Some(through);
            scaled(through, relief)
        } else {
            // Without a queue it may be the air that loses: step by step, and not below what gets through.
            scaled(self.estimate, 1.0 - lost / 2.0).max(scaled(through, RELIEF))
        };
        self.estimate = self.estimate.min(borne);
        self.lowered = Some((now, arrived));
    }

    fn raise(&mut self, now: Duration, passed: Duration) {
        let known = self.borne.map(|borne| scaled(borne, RELIEF));
        let was_borne = known.is_some_and(|known| self.estimate < known);
        let is_calm = self.lowered.is_none_or(|(lowered, _)| now.saturating_sub(lowered) > CALM);
        let factor = if was_borne || is_calm { RECOVERY } else { GROWTH };
        let grown = factor.powf(passed.as_secs_f64().min(1.0));
        // At least one more: a small estimate would not grow at all.
        let more = scaled(self.estimate, grown).bits().max(self.estimate.bits().saturating_add(1));
        self.estimate = Bitrate::from_bits(more).min(self.most);
    }
}

impl Packet {
    /// How long it was on its way, in µs, and whatever the clocks differ by.
    fn way(&self) -> Option<i64> {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 2);
        Some(micros(self.arrived?) - micros(self.departed))
    }
}

#[cfg(test)]
mod tests;
