use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const MOST: u32 = 3_000_000;
const FULL: u32 = 2_000_000;
const PACKET: u32 = 1200;

/// A sender of 30 frames a second, a link with a queue, and a receiver that tells each 50 ms, in virtual time.
struct World {
    arrivals: Arrivals,
    now: Duration,
    capacity: u32,
    /// The longest queue.
    buffer: Duration,
    /// Whether a frame's packets arrive together, as where the network joins them.
    joins: bool,
    /// When the link has sent all that it was given.
    free: Duration,
    /// What to do with each packet: how much longer it takes, or that it is lost.
    fate: Box<dyn FnMut() -> Option<Duration>>,
    /// What is on its way, and what was told.
    untold: VecDeque<(Duration, Packet)>,
    frames: u32,
    longest_queue: Duration,
}

impl World {
    fn new(capacity: u32) -> Self {
        Self {
            arrivals: Arrivals::new(Bitrate::from_bits(MOST)),
            now: Duration::from_secs(1),
            capacity,
            buffer: Duration::from_millis(1000),
            joins: false,
            free: Duration::ZERO,
            fate: Box::new(|| Some(Duration::ZERO)),
            untold: VecDeque::new(),
            frames: 0,
            longest_queue: Duration::ZERO,
        }
    }

    fn estimate(&self) -> u32 {
        self.arrivals.estimate().bits()
    }

    /// Sends for so long at the bitrate that `choose` makes of the estimate; each so many frames a keyframe.
    fn run(&mut self, time: Duration, keyframes: u32, choose: impl Fn(u32) -> u32) {
        let until = self.now + time;
        self.longest_queue = Duration::ZERO;
        while self.now < until {
            self.frames += 1;
            let normal = choose(self.estimate()) / 30 / 8;
            let bytes = if self.frames.is_multiple_of(keyframes) { 6 * normal } else { normal };
            self.send(bytes);
            self.now += Duration::from_micros(33_333);
            self.tell();
        }
    }

    fn send(&mut self, bytes: u32) {
        let before = self.untold.len();
        for sent in (0..bytes).step_by(PACKET as usize) {
            let bytes = PACKET.min(bytes - sent);
            let begun = self.free.max(self.now);
            let waits = begun - self.now;
            let fate = (self.fate)().filter(|_| waits <= self.buffer);
            if fate.is_some() {
                self.longest_queue = self.longest_queue.max(waits);
                self.free = begun + Duration::from_secs_f64(f64::from(bytes * 8) / f64::from(self.capacity));
            }
            let arrived = fate.map(|late| self.free + Duration::from_millis(20) + late);
            let told = arrived.unwrap_or(self.free);
            // The other side's clock began at another time.
            let arrived = arrived.map(|arrived| arrived + Duration::from_secs(7777));
            self.untold.push_back((told, Packet { departed: self.now, arrived, bytes }));
        }
        if let Some((told, last)) = self.untold.back().copied().filter(|_| self.joins) {
            for (known, packet) in self.untold.range_mut(before..) {
                (*known, packet.arrived) = (told, last.arrived);
            }
        }
    }

    fn tell(&mut self) {
        let mut told = Vec::new();
        while let Some((_, packet)) = self.untold.pop_front_if(|(known, _)| *known <= self.now) {
            told.push(packet);
        }
        self.arrivals.feedback(&told);
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The same in each run.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    }
}

#[test]
fn keyframes_on_a_link_that_bears_all_are_no_sign_of_a_full_one() {
    let mut world = World::new(5_000_000);
    world.run(seconds(60), 15, |_| FULL / 2);
    assert_eq!(world.estimate(), MOST);
}

#[test]
fn what_a_link_bears_is_measured_at_once_whether_or_not_it_joins_packets() {
    for joins in [false, true] {
        let mut world = World { joins, ..World::new(5_000_000) };
        world.run(seconds(5), 1000, |_| FULL);
        world.capacity = 500_000;
        let frame = Duration::from_millis(34);
        while world.estimate() == MOST {
            world.run(frame, 1000, |_| FULL);
        }
        assert!((300_000..450_000).contains(&world.estimate()), "{joins}: {}", world.estimate());
    }
}

#[test]
fn a_scene_that_hardly_moves_says_nothing_against_the_link() {
    let mut world = World::new(5_000_000);
    let mut random = random(1);
    world.fate = Box::new(move || Some(Duration::from_millis(if random() < 0.2 { 100 } else { 0 })));
    world.run(seconds(60), 100, |_| 80_000);
    assert_eq!(world.estimate(), MOST);
}

#[test]
fn a_cut_is_seen_within_half_a_second_and_the_queue_is_gone_in_four() {
    let mut world = World::new(5_000_000);
    world.run(seconds(5), 300, |_| FULL);
    world.capacity = 500_000;
    world.run(Duration::from_millis(500), 300, |_| FULL);
    assert!(world.estimate() < 1_600_000, "{}", world.estimate());
    let low = |estimate: u32| estimate.clamp(250_000, 500_000);
    world.run(seconds(4), 300, low);
    world.run(seconds(1), 300, low);
    assert!(world.longest_queue < Duration::from_millis(200), "{:?}", world.longest_queue);
    assert!(world.estimate() < 500_000, "{}", world.estimate());
}

#[test]
fn a_link_without_a_queue_is_told_by_its_losses() {
    let mut world = World::new(5_000_000);
    world.run(seconds(2), 300, |_| FULL);
    (world.capacity, world.buffer) = (500_000, Duration::from_millis(20));
    world.run(seconds(2), 300, |_| FULL);
    assert!(world.estimate() < 1_000_000, "{}", world.estimate());
}

#[test]
fn one_in_ten_lost_is_borne() {
    let mut world = World::new(5_000_000);
    let mut random = random(2);
    world.fate = Box::new(move || (random() > 0.1).then_some(Duration::ZERO));
    world.run(seconds(60), 300, |_| FULL);
    assert!(world.estimate() >= FULL, "{}", world.estimate());
}

#[test]
fn a_link_that_has_recovered_is_believed_after_some_time() {
    let mut world = World::new(400_000);
    world.run(seconds(10), 300, |estimate| estimate.clamp(250_000, 500_000));
    assert!(world.estimate() < 500_000);
    world.capacity = 5_000_000;
    world.run(seconds(25), 300, |estimate| estimate.clamp(250_000, 500_000));
    assert!(world.estimate() >= FULL, "{}", world.estimate());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sender_that_obeys_uses_most_of_any_link_and_builds_no_long_queue(capacity in 300_000_u32..2_900_000) {
        let mut world = World::new(capacity);
        let obey = |estimate: u32| estimate;
        world.run(seconds(20), 1000, obey);
        let mut sum = 0_u64;
        for _ in 0..60 {
            world.run(Duration::from_millis(500), 1000, obey);
            sum += u64::from(world.estimate());
            prop_assert!(world.longest_queue < Duration::from_millis(700), "{:?}", world.longest_queue);
        }
        let share = sum as f64 / 60.0 / f64::from(capacity);
        prop_assert!((0.5..1.05).contains(&share), "{share} of {capacity}");
    }

    #[test]
    fn any_feedback_is_taken(
        packets in prop::collection::vec((0_u64..100_000, prop::option::of(any::<u32>()), any::<u16>()), 0..300),
    ) {
        let mut arrivals = Arrivals::new(Bitrate::from_bits(MOST));
        for chunk in packets.chunks(7) {
            let packet = |&(departed, arrived, bytes): &(u64, Option<u32>, u16)| Packet {
                departed: Duration::from_millis(departed),
                arrived: arrived.map(|ms| Duration::from_millis(u64::from(ms))),
                bytes: u32::from(bytes),
            };
            let chunk: Vec<_> = chunk.iter().map(packet).collect();
            arrivals.feedback(&chunk);
            prop_assert!(arrivals.estimate().bits() <= MOST);
        }
    }
}
