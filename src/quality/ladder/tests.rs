use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::quality::rungs;

const FULL: u32 = 2_000_000;

/// A ladder in virtual time.
struct World {
    ladder: Ladder,
    now: Instant,
    again: Option<Instant>,
}

impl World {
    fn new(viewers: u64) -> Self {
        let mut ladder = Ladder::new(rungs(Bitrate::from_bits(FULL), 2));
        for id in 0..viewers {
            ladder.join(SeatId(id));
        }
        Self { ladder, now: Instant::now(), again: None }
    }

    fn bears(&mut self, id: u64, kilobits: u32) {
        self.ladder.bears(SeatId(id), Some(Bitrate::from_bits(kilobits * 1000)));
        self.again = self.ladder.settle(self.now);
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(again) = self.again.filter(|again| *again <= until) {
            self.now = again.max(self.now);
            self.again = self.ladder.settle(self.now).filter(|again| *again > self.now);
        }
        self.now = until;
    }

    fn rung(&self, id: u64) -> usize {
        self.ladder.rung(SeatId(id)).unwrap()
    }

    fn kilobits(&self, rung: usize) -> u32 {
        self.ladder.bitrate(rung).kilobits()
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn one_slow_viewer_goes_down_at_once_and_costs_the_others_nothing() {
    let mut world = World::new(3);
    for id in 0..3 {
        world.bears(id, 4000);
    }
    world.bears(0, 420);
    assert_eq!((world.rung(0), world.rung(1), world.rung(2)), (1, 0, 0));
    assert_eq!((world.kilobits(0), world.kilobits(1)), (2000, 420));
}

#[test]
fn a_single_viewer_is_followed_and_goes_down_where_that_looks_better() {
    let mut world = World::new(1);
    world.bears(0, 1500);
    assert_eq!((world.rung(0), world.kilobits(0)), (0, 1500));
    world.bears(0, 1050);
    assert_eq!((world.rung(0), world.kilobits(0)), (0, 1050));
    world.bears(0, 700);
    assert_eq!((world.rung(0), world.kilobits(1)), (1, 500));
}

#[test]
fn viewers_that_bear_about_the_same_are_followed_together() {
    let mut world = World::new(3);
    for (id, kilobits) in [(0, 1500), (1, 1400), (2, 1300)] {
        world.bears(id, kilobits);
    }
    // The second has sent the third and itself nowhere: each was told of while the others were unknown.
    assert_eq!(world.kilobits(0), 1300);
    world.bears(2, 600);
    assert_eq!((world.rung(2), world.kilobits(0)), (1, 1400), "it no longer counts");
}

#[test]
fn nothing_known_is_no_measure_and_no_reason_to_move() {
    let mut world = World::new(2);
    assert_eq!((world.rung(0), world.kilobits(0)), (0, 2000));
    world.bears(0, 1500);
    assert_eq!((world.rung(1), world.kilobits(0)), (0, 1500));
}

#[test]
fn up_goes_who_has_borne_it_for_ten_seconds() {
    let mut world = World::new(2);
    world.bears(1, 4000);
    world.bears(0, 400);
    world.bears(0, 3000);
    world.pass(Duration::from_millis(9_999));
    assert_eq!(world.rung(0), 1);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.rung(0), 0);
}

#[test]
fn up_goes_one_rung_after_the_other() {
    let mut world = World::new(1);
    world.ladder = Ladder::new(rungs(Bitrate::from_bits(FULL), 3));
    world.ladder.join(SeatId(0));
    world.bears(0, 100);
    assert_eq!(world.rung(0), 2);
    world.bears(0, 4000);
    world.pass(seconds(10));
    assert_eq!(world.rung(0), 1);
    world.pass(seconds(10));
    assert_eq!(world.rung(0), 0);
}

#[test]
fn a_bad_moment_starts_the_calm_time_anew() {
    let mut world = World::new(2);
    world.bears(1, 4000);
    world.bears(0, 400);
    world.bears(0, 3000);
    world.pass(seconds(9));
    world.bears(0, 1000);
    world.bears(0, 3000);
    world.pass(seconds(9));
    assert_eq!(world.rung(0), 1);
    world.pass(seconds(1));
    assert_eq!(world.rung(0), 0);
}

/// A link of 600 kbit/s looks like a good one for as long as little is sent.
#[test]
fn each_climb_that_fails_doubles_the_calm_time() {
    let mut world = World::new(2);
    world.bears(1, 4000);
    world.bears(0, 500);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let begun = world.now;
        world.bears(0, 4000);
        while world.rung(0) == 1 {
            world.pass(Duration::from_millis(500));
        }
        waits.push((world.now - begun).as_secs());
        world.pass(seconds(1));
        world.bears(0, 500);
        assert_eq!(world.rung(0), 1);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 160]);
}

#[test]
fn a_fall_long_after_a_climb_is_a_new_one() {
    let mut world = World::new(2);
    world.bears(1, 4000);
    for _ in 0..3 {
        world.bears(0, 500);
        world.bears(0, 4000);
        world.pass(seconds(10));
        assert_eq!(world.rung(0), 0);
        world.pass(seconds(60));
    }
}

#[test]
fn who_could_climb_but_would_cost_the_others_stays_below() {
    let mut world = World::new(2);
    world.bears(0, 1500);
    world.bears(1, 400);
    world.bears(1, 1300);
    world.pass(seconds(60));
    assert_eq!((world.rung(1), world.kilobits(0)), (1, 1500));
    world.bears(1, 1500);
    world.pass(seconds(10));
    assert_eq!((world.rung(1), world.kilobits(0)), (0, 1500));
}

#[test]
fn what_nobody_can_tell_a_bitrate_is_for_those_who_bear_it() {
    let mut world = World::new(3);
    for id in 0..3 {
        world.bears(id, 4000);
    }
    world.ladder.is_made_at(0, Bitrate::from_bits(5_000_000));
    world.bears(0, 20_000);
    world.bears(1, 4500);
    world.bears(2, 3500);
    assert_eq!((world.rung(0), world.rung(1), world.rung(2)), (0, 0, 1));
    assert_eq!((world.kilobits(0), world.kilobits(1)), (5000, 500));
    world.pass(seconds(60));
    assert_eq!(world.rung(2), 1, "it would not be made at less for it");
}

#[test]
fn on_the_last_rung_who_bears_the_half_of_it_is_a_measure_and_who_bears_less_costs_the_others_nothing() {
    let mut world = World::new(3);
    world.bears(0, 500);
    world.bears(1, 340);
    assert_eq!((world.rung(0), world.rung(1), world.kilobits(1)), (1, 1, 340));
    world.bears(2, 200);
    assert_eq!((world.rung(2), world.kilobits(1)), (1, 340));
    world.pass(seconds(5));
    assert_eq!((world.rung(2), world.rung(1), world.kilobits(1)), (2, 1, 340), "it gets no pictures");
}

#[test]
fn what_is_allowed_is_not_exceeded_by_a_bit() {
    let mut world = World::new(2);
    for id in 0..2 {
        world.ladder.is_allowed(SeatId(id), Bitrate::from_bits(990_000));
    }
    world.again = world.ladder.settle(world.now);
    assert_eq!((world.rung(0), world.rung(1), world.kilobits(1)), (1, 1, 500));
    let mut world = World::new(2);
    world.bears(0, 990);
    world.bears(1, 990);
    assert_eq!((world.rung(0), world.kilobits(0)), (0, 1000), "an estimate is not that exact");
}

#[test]
fn who_comes_back_from_nothing_begins_with_the_least() {
    let mut world = World::new(1);
    world.bears(0, 0);
    world.ladder.bears(SeatId(0), None);
    world.again = world.ladder.settle(world.now);
    world.pass(seconds(10));
    assert_eq!((world.rung(0), world.kilobits(1)), (1, 125));
    world.bears(0, 400);
    assert_eq!((world.rung(0), world.kilobits(1)), (1, 400));
}

#[test]
fn who_bears_not_even_the_least_gets_no_pictures_after_a_while() {
    let mut world = World::new(1);
    world.bears(0, 60);
    assert_eq!((world.rung(0), world.kilobits(1)), (1, 125));
    world.pass(seconds(4));
    world.bears(0, 130);
    world.bears(0, 60);
    world.pass(Duration::from_millis(4_999));
    assert_eq!((world.rung(0), world.ladder.is_paused(SeatId(0))), (1, false), "it was a bad moment");
    world.pass(Duration::from_millis(1));
    assert_eq!((world.rung(0), world.ladder.is_paused(SeatId(0))), (2, true));
}

#[test]
fn pictures_are_tried_again_and_less_and_less_often() {
    let mut world = World::new(1);
    world.bears(0, 60);
    world.pass(seconds(5));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let begun = world.now;
        // As it is while nothing is sent.
        world.ladder.bears(SeatId(0), None);
        world.again = world.ladder.settle(world.now);
        while world.rung(0) == 2 {
            world.pass(Duration::from_millis(500));
        }
        waits.push((world.now - begun).as_secs());
        world.bears(0, 60);
        world.pass(seconds(5));
        assert_eq!(world.rung(0), 2);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 160]);
}

#[test]
fn for_whom_there_is_nothing_gets_nothing_at_once_and_not_before_there_is_something() {
    let mut world = World::new(1);
    world.bears(0, 0);
    assert_eq!(world.rung(0), 2);
    world.pass(seconds(600));
    assert_eq!(world.rung(0), 2);
    world.ladder.bears(SeatId(0), None);
    world.again = world.ladder.settle(world.now);
    world.pass(seconds(10));
    assert_eq!(world.rung(0), 1);
}

#[derive(Debug, Clone)]
enum Happening {
    Bears(u64, u32),
    Pass(u64),
    Join(u64),
    Leave(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0_u64..6, 20_u32..5000).prop_map(|(id, kilobits)| Happening::Bears(id, kilobits)),
        4 => (0_u64..20_000).prop_map(Happening::Pass),
        1 => (0_u64..6).prop_map(Happening::Join),
        1 => (0_u64..6).prop_map(Happening::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nobody_costs_the_others_and_nobody_climbs_in_haste(
        count in 1_usize..4,
        happenings in prop::collection::vec(happening(), 1..150),
    ) {
        let mut world = World::new(0);
        world.ladder = Ladder::new(rungs(Bitrate::from_bits(FULL), count));
        let mut last_moves: BTreeMap<SeatId, (usize, Instant)> = BTreeMap::new();
        // A long time is looked at in short pieces: what moves in one is seen at its end.
        let piece = Duration::from_millis(250);
        let in_pieces = |happening: Happening| match happening {
            Happening::Pass(ms) => vec![Happening::Pass(250); usize::try_from(ms / 250).unwrap()],
            other => vec![other],
        };
        for happening in happenings.into_iter().flat_map(in_pieces) {
            match happening {
                Happening::Bears(id, kilobits) => world.bears(id, kilobits),
                Happening::Pass(ms) => world.pass(Duration::from_millis(ms)),
                Happening::Join(id) if world.ladder.rung(SeatId(id)).is_none() => world.ladder.join(SeatId(id)),
                Happening::Join(_) => {}
                Happening::Leave(id) => {
                    world.ladder.leave(SeatId(id));
                    last_moves.remove(&SeatId(id));
                }
            }
            world.again = world.ladder.settle(world.now);
            for rung in 0..count {
                let Rung { bitrate, floor } = world.ladder.rungs[rung];
                let made = world.ladder.bitrate(rung);
                prop_assert!((floor..=bitrate).contains(&made));
                // Who bears it in full gets it in full, whoever else is there; on the last rung the half of it at least.
                let bears_all = world.ladder.on(rung).any(|seat| seat.bears().is_some_and(|bears| bears >= bitrate));
                prop_assert!(!bears_all || made == bitrate || (rung > 0 && rung == count - 1 && made >= scaled(bitrate, 0.5)));
                for seat in world.ladder.on(rung) {
                    let bearable = seat.bears().is_none_or(|bears| bears >= scaled(made, STAYS));
                    prop_assert!(bearable || rung == count - 1, "{seat:?} on {rung} at {made:?}");
                }
            }
            for (&id, seat) in &world.ladder.seats {
                let known = last_moves.insert(id, (seat.rung, world.now));
                let Some((rung, moved)) = known else { continue };
                if seat.rung == rung {
                    last_moves.insert(id, (rung, moved));
                } else if seat.rung < rung {
                    prop_assert!(world.now - moved + piece >= seconds(10), "up within {:?}", world.now - moved);
                }
            }
        }
    }
}
