//! A sender with a microphone and a camera whose clocks are off, a network with moods, and an hour of time that does not pass.

use std::time::Duration;

use proptest::prelude::*;

use super::Timeline;
use crate::rtp::{Ntp, SenderTime};

const SOUND: u32 = 1;
const PICTURE: u32 = 2;

/// How far sound and picture may be apart, in s.
const LIMIT: f64 = 0.04;

/// When the first reports of both have come, and have been gone by, in s.
const SETTLED: f64 = 6.0;

/// What is wrong with a sender, its network, and us.
#[derive(Debug, Clone)]
struct World {
    /// How much faster the clocks are: of the sound card, of the camera, of the sender's machine.
    sound: f64,
    picture: f64,
    machine: f64,
    /// Where timestamps begin.
    first: u32,
    /// How long a packet takes at least, and at most, in s. A picture takes so much longer to be encoded.
    delay: (f64, f64),
    encoding: f64,
    /// How wrong a report may be, in s.
    inaccuracy: f64,
    /// From when and for how long nothing is heard: what comes meanwhile comes at the end of it.
    stalls: Vec<(f64, f64)>,
    /// From when and for how long nothing of sound is sent, and whether its timestamps stand still meanwhile.
    pauses: Vec<(f64, f64, bool)>,
    /// When the sender's clock is set, and by how much.
    set: Option<(f64, f64)>,
    seed: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            sound: 0.0,
            picture: 0.0,
            machine: 0.0,
            first: 0,
            delay: (0.02, 0.06),
            encoding: 0.03,
            inaccuracy: 0.0,
            stalls: Vec::new(),
            pauses: Vec::new(),
            set: None,
            seed: 1,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Packet { ssrc: u32, captured: f64, timestamp: u32 },
    Report(SenderTime),
}

/// What became of a packet: when it was captured, and how much later it is said to have been.
#[derive(Debug, Clone, Copy)]
struct Timed {
    ssrc: u32,
    captured: f64,
    off: f64,
}

impl World {
    /// So many seconds of it.
    fn run(&self, seconds: f64) -> Vec<Timed> {
        let mut timeline = Timeline::default();
        let mut timed = Vec::new();
        for (arrival, event) in self.events(seconds) {
            let arrival = Duration::from_secs_f64(arrival);
            match event {
                Event::Report(said) => timeline.handle_report(said, arrival),
                Event::Packet { ssrc, captured, timestamp } => {
                    let time = timeline.handle_packet(ssrc, rate(ssrc), timestamp, arrival);
                    timed.push(Timed { ssrc, captured, off: time.as_secs_f64() - captured });
                }
            }
        }
        timed
    }

    /// What comes, in the order in which it does.
    fn events(&self, seconds: f64) -> Vec<(f64, Event)> {
        let mut dice = Dice(self.seed);
        let mut events = Vec::new();
        for (ssrc, every, reports) in [(SOUND, 0.02, 5.0), (PICTURE, 1.0 / 30.0, 1.0)] {
            let (mut captured, mut reported, mut last) = (1.0, 0.0, 0.0);
            while captured < seconds {
                let timestamp = self.timestamp(ssrc, captured);
                if !self.is_paused(ssrc, captured) {
                    let encoded = captured + if ssrc == PICTURE { self.encoding } else { 0.0 };
                    last = self.heard_at(encoded + dice.between(self.delay), last);
                    events.push((last, Event::Packet { ssrc, captured, timestamp }));
                }
                // Reports come in between, the first after half of the usual time (RFC 3550, section 6.2).
                if captured - reported > reports / if reported == 0.0 { 2.0 } else { 1.0 } {
                    reported = captured;
                    let wrong = dice.between((-self.inaccuracy, self.inaccuracy));
                    let said = SenderTime { ssrc, at: self.clock(captured + wrong), timestamp };
                    events.push((self.heard_at(captured + dice.between(self.delay), 0.0), Event::Report(said)));
                }
                captured += every;
            }
        }
        events.sort_by(|one, other| one.0.total_cmp(&other.0));
        events
    }

    fn timestamp(&self, ssrc: u32, time: f64) -> u32 {
        let speed = 1.0 + if ssrc == SOUND { self.sound } else { self.picture };
        let stood = self.pauses.iter().filter(|(_, _, stands)| ssrc == SOUND && *stands);
        let stood: f64 = stood.map(|(from, length, _)| (time - from).clamp(0.0, *length)).sum();
        self.first.wrapping_add(((time - stood) * speed * f64::from(rate(ssrc))) as u64 as u32)
    }

    /// The sender's clock.
    fn clock(&self, time: f64) -> Ntp {
        let set = self.set.filter(|(at, _)| time >= *at).map_or(0.0, |(_, by)| by);
        let shown = 3_900_000_000.0 + time * (1.0 + self.machine) + set;
        Ntp((shown.trunc() as u64) << 32 | (shown.fract() * 4_294_967_296.0) as u64)
    }

    fn is_paused(&self, ssrc: u32, time: f64) -> bool {
        ssrc == SOUND && self.pauses.iter().any(|(from, length, _)| (*from..from + length).contains(&time))
    }

    /// When something is heard that comes then, behind what came before.
    fn heard_at(&self, time: f64, last: f64) -> f64 {
        let stall = self.stalls.iter().find(|(from, length)| (*from..from + length).contains(&time));
        stall.map_or(time, |(from, length)| from + length).max(last)
    }
}

const fn rate(ssrc: u32) -> u32 {
    if ssrc == SOUND { 48_000 } else { 90_000 }
}

/// The same numbers each time (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn between(&mut self, (least, most): (f64, f64)) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        least + (most - least) * ((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// How far the last of sound and the last of picture are apart, at each packet but those of `unsure` times.
fn apart(timed: &[Timed], unsure: &[(f64, f64)]) -> f64 {
    let (mut off, mut most) = ([None; 2], 0.0_f64);
    for one in timed {
        off[(one.ssrc - 1) as usize] = Some(one.off);
        if let [Some(sound), Some(picture)] = off
            && one.captured > SETTLED
            && !unsure.iter().any(|(from, to)| (*from..*to).contains(&one.captured))
        {
            most = most.max(f64::abs(sound - picture));
        }
    }
    most
}

/// The most by which the time between two packets of a stream is wrong.
fn most_uneven(timed: &[Timed], ssrc: u32) -> f64 {
    let theirs: Vec<_> = timed.iter().filter(|one| one.ssrc == ssrc && one.captured > SETTLED).collect();
    theirs.windows(2).map(|pair| (pair[1].off - pair[0].off).abs()).fold(0.0, f64::max)
}

const HOUR: f64 = 3600.0;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sound_and_picture_are_together_for_an_hour(
        sound in -200e-6..200e-6,
        picture in -200e-6..200e-6,
        machine in -200e-6..200e-6,
        first: u32,
        jitter in 0.0..0.3,
        encoding in 0.0..0.15,
        inaccuracy in 0.0..0.015,
        stalls in prop::collection::vec((SETTLED..HOUR, 0.1..3.0), 0..10),
        seed: u64,
    ) {
        let delay = (0.02, 0.02 + jitter);
        let world = World { sound, picture, machine, first, delay, encoding, inaccuracy, stalls, seed, ..World::default() };
        let timed = world.run(HOUR);
        prop_assert!(apart(&timed, &[]) < LIMIT, "{} s", apart(&timed, &[]));
        for ssrc in [SOUND, PICTURE] {
            prop_assert!(most_uneven(&timed, ssrc) < 0.004, "{} s", most_uneven(&timed, ssrc));
        }
        // Our clock is followed: what is said to be an hour later was one.
        let last = timed.last().unwrap();
        prop_assert!((-0.1..1.0).contains(&last.off), "{} s", last.off);
    }

    #[test]
    fn no_sender_breaks_it(
        said in prop::collection::vec((any::<bool>(), 0..20_u32, any::<u32>(), any::<u64>(), any::<u32>(), 0..90_000_u32), 0..200),
    ) {
        let (mut timeline, mut arrival) = (Timeline::default(), Duration::ZERO);
        for (is_report, ssrc, timestamp, ntp, elapsed, clock_rate) in said {
            arrival += Duration::from_micros(elapsed.into());
            if is_report {
                timeline.handle_report(SenderTime { ssrc, at: Ntp(ntp), timestamp }, arrival);
            } else {
                let time = timeline.handle_packet(ssrc, clock_rate, timestamp, arrival);
                let apart = time.abs_diff(arrival);
                prop_assert!(apart <= Duration::from_secs(10), "{apart:?}");
            }
        }
    }
}

#[test]
fn a_stall_moves_nothing() {
    let world = World { stalls: vec![(20.0, 0.7), (40.0, 3.0), (60.0, 9.0)], ..World::default() };
    let timed = world.run(90.0);
    assert!(apart(&timed, &[]) < 0.005, "{}", apart(&timed, &[]));
    assert!(most_uneven(&timed, SOUND).max(most_uneven(&timed, PICTURE)) < 0.004);
}

#[test]
fn a_senders_clock_that_is_set_moves_nothing() {
    for by in [-3.0e9, -3600.0, -0.6, -0.09, 0.09, 0.6, 3600.0, 3.0e8] {
        let world = World { set: Some((30.3, by)), ..World::default() };
        let timed = world.run(90.0);
        assert!(apart(&timed, &[]) < LIMIT, "{by}: {}", apart(&timed, &[]));
        assert!(most_uneven(&timed, SOUND).max(most_uneven(&timed, PICTURE)) < 0.004, "{by}");
    }
}

#[test]
fn timestamps_that_go_on_in_a_pause_are_believed() {
    let world = World { pauses: vec![(20.0, 8.0, false), (40.0, 25.0, false)], ..World::default() };
    let timed = world.run(90.0);
    assert!(apart(&timed, &[]) < 0.02, "{}", apart(&timed, &[]));
}

#[test]
fn timestamps_that_stand_still_in_a_pause_are_found_out() {
    let world = World { pauses: vec![(20.0, 8.0, true), (40.0, 25.0, true), (70.0, 0.7, true)], ..World::default() };
    let timed = world.run(90.0);
    // At once as far as the network's moods let it, and exactly by the next report; a short one by that alone.
    let pauses = [(20.0, 28.0), (40.0, 65.0), (70.0, 76.0)];
    assert!(apart(&timed, &pauses) < 0.08, "{}", apart(&timed, &pauses));
    let settled = [(0.0, 36.0), (40.0, 76.0)];
    assert!(apart(&timed, &settled) < LIMIT, "{}", apart(&timed, &settled));
}

#[test]
fn what_is_sent_again_after_a_stall_moves_nothing() {
    let mut timeline = Timeline::default();
    let mut off = Vec::new();
    for media in (1000..6000).step_by(20) {
        let arrival = match media {
            // They waited in the socket, which was full then.
            2000..2750 => 3500,
            // Asked for again, and behind them in order what had come before.
            2750..3500 => 3950,
            _ => media,
        };
        let time = timeline.handle_packet(1, 48_000, media * 48, Duration::from_millis(arrival.into()));
        off.push(time.as_millis() as i64 - i64::from(media));
    }
    assert!(off.iter().all(|off| off.abs() <= 2), "{off:?}");
}

#[test]
fn an_encoder_that_catches_up_moves_nothing() {
    let mut timeline = Timeline::default();
    let mut off = Vec::new();
    for media in (1000..6000).step_by(33) {
        // Nothing comes for 1.5 s; what comes then took long, and less so by and by.
        let late = if media < 2000 { 30 } else { (1500 - (media - 2000) * 2).max(300) };
        let time = timeline.handle_packet(1, 90_000, (media * 90) as u32, Duration::from_millis((media + late) as u64));
        off.push(time.as_millis() as i64 - media);
    }
    assert!(off.iter().all(|off| (off - 30).abs() <= 2), "{off:?}");
}

#[test]
fn a_first_picture_that_comes_late_is_made_up_for_and_time_never_goes_back() {
    let mut timeline = Timeline::default();
    let at = |ms: u64| Ntp((100 << 32) + (ms << 32) / 1000);
    timeline.handle_packet(1, 48_000, 0, Duration::from_secs(1));
    timeline.handle_report(SenderTime { ssrc: 1, at: at(0), timestamp: 0 }, Duration::from_secs(1));
    let (mut last, mut off) = (Duration::ZERO, 0);
    for frame in 0..200_u32 {
        // Made at 1 s and later. Those that the encoder had waiting come at once.
        let (made, arrival) = (u64::from(frame) * 100 / 3 + 1000, 2200.max(u64::from(frame) * 100 / 3 + 1030));
        if arrival > 2300 && arrival < 2350 {
            timeline.handle_report(
                SenderTime { ssrc: 2, at: at(made - 1000), timestamp: frame * 3000 },
                Duration::from_millis(arrival),
            );
        }
        let time = timeline.handle_packet(2, 90_000, frame * 3000, Duration::from_millis(arrival));
        assert!(time > last, "{time:?} after {last:?}");
        (last, off) = (time, time.as_millis() as i64 - made as i64);
    }
    assert!(off.abs() < 20, "{off} ms");
}

#[test]
fn without_reports_arrivals_decide() {
    let mut timeline = Timeline::default();
    let second = Duration::from_secs(1);
    assert_eq!(timeline.handle_packet(1, 48_000, u32::MAX, second), second);
    assert_eq!(timeline.handle_packet(2, 90_000, 5, second * 2), second * 2);
    // Timestamps wrap around, and go on.
    assert_eq!(timeline.handle_packet(1, 48_000, 47_999, second * 3), second * 2);
}

#[test]
fn a_track_that_comes_late_is_in_step_from_its_first_packet() {
    let mut timeline = Timeline::default();
    let (start, later) = (Duration::from_secs(10), Duration::from_secs(12));
    timeline.handle_packet(1, 48_000, 0, start);
    let at = |millis: u64| Ntp((100 << 32) + (millis << 32) / 1000);
    timeline.handle_report(SenderTime { ssrc: 1, at: at(0), timestamp: 0 }, start);
    timeline.handle_report(SenderTime { ssrc: 2, at: at(2000), timestamp: 90_000 }, later);
    // It was made at 12 s by the reports, and took half a second to come.
    let time = timeline.handle_packet(2, 90_000, 90_000, later + Duration::from_millis(500));
    assert!(time.abs_diff(later) < Duration::from_millis(1), "{time:?}");
}

#[test]
fn who_brings_ever_new_streams_has_the_stalest_forgotten() {
    let mut timeline = Timeline::default();
    for ssrc in 0..1000 {
        timeline.handle_packet(ssrc, 90_000, 0, Duration::from_millis(ssrc.into()));
        timeline.handle_report(SenderTime { ssrc: ssrc + 5000, at: Ntp(1 << 40), timestamp: 0 }, Duration::ZERO);
    }
    assert_eq!((timeline.streams.len(), timeline.early.len()), (super::MOST_STREAMS, super::MOST_STREAMS));
}
