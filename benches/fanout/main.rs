//! What the daemon costs, and how fast it is: it shows its test picture and tone to nobody, then to 1, 5, 20 viewers, each a
//! process in a network namespace of its own, and is measured from outside. Then a crowd comes: how many see it all? At last
//! all have left, and single viewers come while nothing runs.
//! `./dev bench fanout [--viewers 1,5,20] [--crowd 150] [--seconds 10]`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark says what went wrong by panicking")]

mod audience;
#[path = "../common/daemon.rs"]
mod daemon;
#[path = "../common/goals.rs"]
mod goals;
mod looks;
#[path = "../common/machine.rs"]
mod machine;
#[path = "../common/network.rs"]
mod network;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/plain_relay.rs"]
mod plain_relay;
#[path = "../common/process.rs"]
mod process;
mod reached;
mod report;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/str0m_peer/mod.rs"]
mod str0m_peer;

use std::time::Duration;

use crate::{
    audience::Audience,
    daemon::Daemon,
    network::{DAEMON, Network},
    plain_relay::PlainRelay,
    process::Sample,
    report::{Level, Report},
};

/// How long viewers may take to settle before a level is measured: jitter buffers fill, ICE stops checking.
const SETTLING: Duration = Duration::from_secs(3);

/// How often somebody comes while nothing runs.
const IDLE_STARTS: usize = 5;

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments[..] {
        ["viewer", relay, address, id] => runtime.block_on(audience::view(relay, address.parse().unwrap(), id)),
        _ => runtime.block_on(measure(&Plan::of(&arguments))),
    }
}

/// What is measured.
struct Plan {
    /// How many viewers there are in all at each level.
    levels: Vec<usize>,
    /// How many there are in the end, to see whether they can be; no more than at the last level to leave it out.
    crowd: usize,
    /// How long each level is measured.
    period: Duration,
}

impl Plan {
    fn of(arguments: &[&str]) -> Self {
        let mut plan = Self { levels: vec![1, 5, 20], crowd: 150, period: Duration::from_secs(10) };
        for pair in arguments.chunks(2) {
            match pair {
                ["--viewers", levels] => plan.levels = levels.split(',').map(|level| level.parse().unwrap()).collect(),
                ["--crowd", crowd] => plan.crowd = crowd.parse().unwrap(),
                ["--seconds", seconds] => plan.period = Duration::from_secs(seconds.parse().unwrap()),
                other => panic!("expected --viewers N,N,..., --crowd N or --seconds N, got {other:?}"),
            }
        }
        plan
    }
}

async fn measure(plan: &Plan) {
    let few = plan.levels.iter().copied().max().unwrap_or(0);
    let network = Network::build(few.max(plan.crowd));
    let relay = PlainRelay::start_on(DAEMON).await;
    let machine = machine::machine();
    let sources = ["--video", "test", "--audio", "test"];
    let picture = ["--size", "1280x720", "--fps", "30", "--bitrate", "2000k", "--codec", "h264"];
    let daemon = Daemon::start(relay.url(), &[&sources[..], &picture].concat()).await;
    let mut audience = Audience::new(&network, relay.url());
    let mut levels = Vec::new();
    let mut capture_to_wire = None;
    for viewers in std::iter::once(0).chain(plan.levels.iter().copied()) {
        levels.push(level(&daemon, &mut audience, viewers, plan.period).await);
        if viewers > 0 {
            capture_to_wire = Some(looks::capture_to_wire(&daemon).await);
        }
    }
    let crowd = match plan.crowd {
        crowd if crowd > few => Some(level(&daemon, &mut audience, crowd, plan.period).await),
        _ => None,
    };
    let viewings = audience.leave().await;
    let mut from_idle = Vec::new();
    for _ in 0..IDLE_STARTS {
        from_idle.push(first_picture(&daemon, &network, relay.url()).await);
    }
    let start = daemon.joined_after();
    print!("{}", Report { machine, period: plan.period, start, levels, crowd, capture_to_wire, viewings, from_idle });
}

/// Until one viewer has its first keyframe who comes while nothing runs, in ms.
async fn first_picture(daemon: &Daemon, network: &Network, relay: &str) -> u64 {
    looks::idle(daemon).await;
    let mut audience = Audience::new(network, relay);
    audience.grow(1).await;
    let [viewing] = &audience.leave().await[..] else { panic!("there was one viewer") };
    viewing.first_keyframe
}

/// Lets viewers come until there are so many, and measures.
async fn level(daemon: &Daemon, audience: &mut Audience<'_>, viewers: usize, period: Duration) -> Level {
    audience.grow(viewers).await;
    tokio::time::sleep(SETTLING).await;
    let before = Sample::of(daemon.process());
    tokio::time::sleep(period).await;
    let after = Sample::of(daemon.process());
    eprintln!("{viewers} viewers measured");
    Level { viewers, cores: after.cores_since(&before), threads: after.threads, memory: after.memory }
}
