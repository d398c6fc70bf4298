//! A peer's feedback on the arrival of packets, brought together with what was sent.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    UNLIMITED,
    arrivals::{Arrivals, Packet},
};
use crate::{rtp::Arrival, units::Bitrate};

/// How many packets wait for feedback at most: those of some seconds. Feedback on what is older is of no use.
const KEPT: usize = 2048;

/// Where the other side's clock wraps around, in µs: 24 bits of 64 ms.
const WRAP: u64 = (1 << 24) * 64_000;

/// An estimator that is told which packets were sent and which arrived, by their transport-wide sequence numbers.
#[derive(Debug, Clone)]
pub struct Estimator {
    arrivals: Arrivals,
    begun: Instant,
    /// The number of the first packet in `sent`; the others have consecutive ones.
    first: u16,
    sent: VecDeque<Sent>,
    /// How many of them, the oldest, something was said of, or nothing will be any more.
    told: usize,
    clock: Clock,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    departed: Duration,
    bytes: u32,
    fate: Fate,
}

/// What is known of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    /// It has not arrived, so far.
    Missing,
    Arrived,
}

impl Estimator {
    /// One that thinks a link bears `most` until it sees otherwise; never more.
    #[must_use]
    pub fn new(now: Instant, most: Bitrate) -> Self {
        Self {
            arrivals: Arrivals::new(most),
            begun: now,
            first: 0,
            sent: VecDeque::new(),
            told: 0,
            clock: Clock::default(),
        }
    }

    /// What the link bears.
    #[must_use]
    pub const fn estimate(&self) -> Bitrate {
        self.arrivals.estimate()
    }

    /// The same, for who decides by it what is sent: [`UNLIMITED`] where it has borne all that it was asked to.
    #[must_use]
    pub fn bears(&self) -> Bitrate {
        if self.arrivals.is_unlimited() { UNLIMITED } else { self.estimate() }
    }

    /// Asks the link to bear `most` from now on, and no more.
    pub fn ask(&mut self, most: Bitrate) {
        self.arrivals.ask(most);
    }

    /// How long packets wait on their way, all of them.
    #[must_use]
    pub const fn queue(&self) -> Duration {
        self.arrivals.queue()
    }

    /// Whether packets stand in a queue: whatever is sent comes late, or gets lost.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.arrivals.is_full()
    }

    /// The share of packets that were lost in the last second.
    #[must_use]
    pub fn lost(&self) -> f64 {
        self.arrivals.lost()
    }

    /// A packet is sent. Its number is the one after that of the packet before.
    pub fn sent(&mut self, now: Instant, sequence: u16, bytes: usize) {
        let next = self.first.wrapping_add(self.sent.len() as u16);
        if self.sent.is_empty() || sequence != next {
            self.sent.clear();
            (self.first, self.told) = (sequence, 0);
        }
        if self.sent.len() == KEPT {
            self.sent.pop_front();
            (self.first, self.told) = (self.first.wrapping_add(1), self.told.saturating_sub(1));
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let departed = now.saturating_duration_since(self.begun);
        self.sent.push_back(Sent { departed, bytes, fate: Fate::Unknown });
    }

    /// The other side says which packets arrived when.
    pub fn feedback(&mut self, arrivals: &[Arrival]) {
        let mut packets = Vec::with_capacity(arrivals.len());
        self.pass_over(arrivals, &mut packets);
        for Arrival { sequence, at } in arrivals {
            let index = usize::from(sequence.wrapping_sub(self.first));
            let Some(sent) = self.sent.get_mut(index) else { continue };
            let fate = if at.is_some() { Fate::Arrived } else { Fate::Missing };
            // What was said already says nothing new; what was missing may have come late.
            if sent.fate == fate || sent.fate == Fate::Arrived {
                continue;
            }
            if sent.fate == Fate::Missing {
                self.arrivals.came_late(sent.departed);
            }
            sent.fate = fate;
            let arrived = at.map(|at| self.clock.time(at));
            packets.push(Packet { departed: sent.departed, arrived, bytes: sent.bytes });
        }
        self.arrivals.feedback(&packets);
    }

    /// Some say nothing of packets that are missing between one message and the next.
    fn pass_over(&mut self, arrivals: &[Arrival], packets: &mut Vec<Packet>) {
        let index = |arrival: &Arrival| usize::from(arrival.sequence.wrapping_sub(self.first));
        let known = arrivals.iter().map(index).filter(|index| *index < self.sent.len());
        let Some((begin, end)) = known.fold(None, |range, index| match range {
            None => Some((index, index + 1)),
            Some((begin, end)) => Some((index.min(begin), end.max(index + 1))),
        }) else {
            return;
        };
        for sent in self.sent.range_mut(self.told.min(begin)..begin).filter(|sent| sent.fate == Fate::Unknown) {
            sent.fate = Fate::Missing;
            packets.push(Packet { departed: sent.departed, arrived: None, bytes: sent.bytes });
        }
        self.told = self.told.max(end);
    }
}

/// The other side's clock, without its wraps.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    /// What it showed last, and how long that is in all.
    last: Option<(u64, u64)>,
}

impl Clock {
    fn time(&mut self, shown: u64) -> Duration {
        let shown = shown % WRAP;
        let (last, total) = self.last.unwrap_or((shown, WRAP));
        // Forward or back, whichever is nearer.
        let forward = (shown + WRAP - last) % WRAP;
        let now = if forward < WRAP / 2 { total + forward } else { total.saturating_sub(WRAP - forward) };
        self.last = Some((shown, now));
        Duration::from_micros(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: Bitrate = Bitrate::from_bits(3_000_000);

    /// Sends a frame of five packets each 33 ms, each of which takes what `way` says in ms; `None`: it is lost.
    fn run(first: u16, clock: u64, way: impl Fn(u64) -> Option<u64>) -> Estimator {
        let begun = Instant::now();
        let mut estimator = Estimator::new(begun, MOST);
        for frame in 0..300_u64 {
            let sequence = |index: u64| first.wrapping_add((frame * 5 + index) as u16);
            for index in 0..5 {
                estimator.sent(begun + Duration::from_millis(frame * 33), sequence(index), 1200);
            }
            let arrivals = (0..5).map(|index| Arrival {
                sequence: sequence(index),
                at: way(frame).map(|way| (clock + (frame * 33 + way + index) * 1000) % WRAP),
            });
            estimator.feedback(&arrivals.collect::<Vec<_>>());
        }
        estimator
    }

    #[test]
    fn a_link_that_delivers_bears_all_wherever_numbers_and_clocks_begin() {
        for (first, clock) in [(0, 0), (65_000, 5_000_000), (7, WRAP - 2_000_000)] {
            assert_eq!(run(first, clock, |_| Some(20)).estimate(), MOST, "{first} {clock}");
        }
    }

    #[test]
    fn a_queue_that_grows_is_seen_across_wraps() {
        let growing = |frame: u64| Some(20 + frame.saturating_sub(60) * 10);
        assert!(run(65_000, WRAP - 2_000_000, growing).estimate() < Bitrate::from_bits(1_500_000));
    }

    #[test]
    fn only_one_that_bore_all_is_thought_to_bear_more_when_more_is_asked() {
        let more = Bitrate::from_bits(9_000_000);
        let mut estimator = run(0, 0, |_| Some(20));
        assert_eq!((estimator.bears(), estimator.estimate()), (UNLIMITED, MOST));
        estimator.ask(more);
        assert_eq!((estimator.bears(), estimator.estimate()), (UNLIMITED, more));
        let mut estimator = run(0, 0, |frame| Some(20 + frame.saturating_sub(60) * 10));
        let bears = estimator.bears();
        assert!(bears < MOST);
        estimator.ask(more);
        assert_eq!((estimator.bears(), estimator.estimate()), (bears, bears));
    }

    #[test]
    fn losses_are_seen() {
        assert!(run(0, 0, |frame| (frame % 2 == 0).then_some(20)).estimate() < Bitrate::from_bits(1_500_000));
    }

    #[test]
    fn what_is_said_twice_counts_once_and_a_late_packet_is_no_lost_one() {
        let begun = Instant::now();
        let mut estimator = Estimator::new(begun, MOST);
        for sequence in 0..40 {
            estimator.sent(begun + Duration::from_millis(u64::from(sequence)), sequence, 1200);
        }
        let arrived = |sequence: u16| Arrival { sequence, at: Some(u64::from(sequence) * 1000) };
        for _ in 0..10 {
            estimator.feedback(&[Arrival { sequence: 3, at: None }]);
        }
        estimator.feedback(&(0..40).map(arrived).collect::<Vec<_>>());
        assert!(estimator.arrivals.lost() < 0.03, "{}", estimator.arrivals.lost());
    }

    #[test]
    fn what_is_passed_over_in_silence_is_lost() {
        let begun = Instant::now();
        let mut estimator = Estimator::new(begun, MOST);
        for sequence in 0..100 {
            estimator.sent(begun + Duration::from_millis(u64::from(sequence)), sequence, 1200);
        }
        let arrived = |sequence: u16| Arrival { sequence, at: Some(u64::from(sequence) * 1000) };
        for message in 0..10_u16 {
            estimator.feedback(&(1..10).map(|index| arrived(message * 10 + index)).collect::<Vec<_>>());
        }
        assert!((0.08..0.12).contains(&estimator.arrivals.lost()), "{}", estimator.arrivals.lost());
    }

    proptest! {
        #[test]
        fn any_feedback_is_taken_without_harm(
            sent in 0_u16..5000,
            said in prop::collection::vec((any::<u16>(), prop::option::of(any::<u64>())), 0..300),
        ) {
            let now = Instant::now();
            let mut estimator = Estimator::new(now, MOST);
            for sequence in 0..sent {
                estimator.sent(now, sequence, 1200);
            }
            let said: Vec<_> = said.into_iter().map(|(sequence, at)| Arrival { sequence, at }).collect();
            estimator.feedback(&said);
            prop_assert!(estimator.estimate() <= MOST);
        }
    }
}
