//! Two gateways in one room: whatever the order of what happens, they end in one connection.

use proptest::prelude::*;

use super::world::{Step, World};

/// One choice of a walk: which of the steps that are possible; a few are faults.
type Choice = u16;

/// Walks `choices` steps; about `faults` in 256 of them are faults.
fn walk(choices: &[Choice], faults: u16) -> World {
    let mut world = World::new();
    world.take(Step::Regain(0));
    world.take(Step::Regain(1));
    for choice in choices {
        let (chance, which) = (choice & 0xff, usize::from(choice >> 8));
        let steps = if chance < faults { world.faults() } else { world.steps() };
        if !steps.is_empty() {
            world.take(steps[which % steps.len()]);
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn that_join_at_once_end_in_one_connection(choices in proptest::collection::vec(any::<Choice>(), 0..100)) {
        let mut world = walk(&choices, 0);
        world.settle();
        world.assert_one_connection();
    }

    #[test]
    fn that_lose_the_relay_restart_and_hear_twice_end_in_one_connection(
        choices in proptest::collection::vec(any::<Choice>(), 0..150),
    ) {
        let mut world = walk(&choices, 24);
        world.settle();
        world.assert_one_connection();
    }

    #[test]
    fn that_are_connected_stay_so_when_the_relay_goes_and_comes(
        choices in proptest::collection::vec(any::<Choice>(), 0..60),
        first in 0..2_usize,
    ) {
        let mut world = walk(&choices, 0);
        world.settle();
        let before = world.connected_sessions();
        for side in [first, 1 - first] {
            world.take(Step::Lose(side));
        }
        for choice in &choices {
            let steps = world.steps();
            if !steps.is_empty() {
                world.take(steps[usize::from(*choice) % steps.len()]);
            }
        }
        world.settle();
        prop_assert_eq!(world.connected_sessions(), before);
        world.assert_one_connection();
    }
}
