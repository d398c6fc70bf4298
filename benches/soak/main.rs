//! A daemon that is left alone with everything that goes wrong: five viewers look on, a peer sends, what that one and what
//! we send is recorded, and every now and then something is killed, stopped, lost or flooded. Who was not hit misses
//! nothing, and nothing grows.
//! `./dev soak [--minutes 30] [--each 20s] [--seed 1] [--relay-away 10m]`; ends with 1 where that is not so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark says what went wrong by panicking")]

mod audience;
#[expect(dead_code, reason = "other benchmarks use more of it")]
#[path = "../common/daemon.rs"]
mod daemon;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/decode.rs"]
mod decode;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/encoded_media.rs"]
mod encoded_media;
mod fault;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/flash_and_beep.rs"]
mod flash_and_beep;
#[path = "../common/goals.rs"]
mod goals;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/held.rs"]
mod held;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/hostile.rs"]
mod hostile;
mod intruder;
mod ledger;
#[path = "../../tests/suite/common/listed.rs"]
mod listed;
mod loss;
#[path = "../common/machine.rs"]
mod machine;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/netns.rs"]
mod netns;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/peers_in_state.rs"]
mod peers_in_state;
mod plan;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/pulse.rs"]
mod pulse;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/recorded.rs"]
mod recorded;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/recorded_sdp.rs"]
mod recorded_sdp;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/recordings.rs"]
mod recordings;
mod relay;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/socket.rs"]
mod socket;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/str0m_peer/mod.rs"]
mod str0m_peer;
mod tape;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/visit.rs"]
mod visit;
#[path = "../../tests/suite/common/wait.rs"]
mod wait;
mod world;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/xvfb.rs"]
mod xvfb;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    audience::Audience,
    fault::Fault,
    held::Held,
    ledger::{Ledger, Window},
    plan::Plan,
    recordings::Recordings,
    tape::Tape,
    world::World,
};

/// How many look on.
const SEATS: usize = 5;

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let plan = Plan::of(&arguments);
    let is_well = tokio::runtime::Runtime::new().unwrap().block_on(soak(&plan));
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(plan: &Plan) -> bool {
    println!("{}; seed {}\n", machine::machine(), plan.seed);
    let folder = Recordings::new();
    let mut world = World::begin(folder.dir()).await;
    let mut audience = Audience::seat(SEATS).await;
    world.comes_to_rest().await;
    let mut ledger = Ledger::default();
    let mut chance = StdRng::seed_from_u64(plan.seed);
    for fault in plan.faults(&mut chance) {
        let seat = chance.random_range(0..SEATS);
        let window = window(&mut world, &mut audience, fault, seat, plan.each).await;
        eprintln!("{window}");
        ledger.windows.push(window);
    }
    drop(audience);
    world.end(&folder).await;
    let tape = Tape::of(&folder, &ledger.windows);
    print!("{ledger}\n{tape}\n{}", ledger.goals(&tape));
    ledger.goals(&tape).are_reached()
}

/// Does one thing to the daemon, and watches who was not hit by it until the next one is due.
async fn window(world: &mut World, audience: &mut Audience, fault: Fault, seat: usize, each: Duration) -> Window {
    let (begun, from) = (Instant::now(), since_boot());
    audience.begin();
    let back = match fault {
        Fault::ViewerKilled => {
            audience.replace(seat).await;
            None
        }
        _ => {
            let address = audience.address(seat);
            tokio::select! {
                back = world.strike(fault, address) => back,
                never = audience.look_on() => match never {},
            }
        }
    };
    // What takes long to do is watched for a while afterwards, too.
    let rest = (begun + each).max(Instant::now() + each / 2);
    tokio::select! {
        () = tokio::time::sleep_until(rest.into()) => {}
        never = audience.look_on() => match never {},
    }
    let hit = fault.hits_a_viewer().then_some(seat);
    let missed = audience.missed(hit);
    let held = world.unrest().await.map_or_else(|| Ok(Held::by(world.process())), Err);
    Window { fault, from, to: since_boot(), back, missed, held }
}

/// On the clock that manifests of recordings count on.
fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}
