//! What a daemon still holds when a thousand have come and gone, half of them rudely: killed while they looked on or while
//! they negotiated, without an answer, without a candidate.
//! `./dev bench joins [--visitors 1000] [--each-second 4]`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark says what went wrong by panicking")]

#[expect(dead_code, reason = "other benchmarks use more of it")]
#[path = "../common/daemon.rs"]
mod daemon;
#[path = "../common/goals.rs"]
mod goals;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/held.rs"]
mod held;
#[path = "../common/machine.rs"]
mod machine;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/plain_relay.rs"]
mod plain_relay;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/str0m_peer/mod.rs"]
mod str0m_peer;
#[path = "../../tests/suite/common/visit.rs"]
mod visit;

use std::{net::Ipv4Addr, ops::Range, time::Duration};

use tokio::task::JoinSet;

use crate::{
    daemon::Daemon,
    goals::{Goals, line},
    held::Held,
    plain_relay::PlainRelay,
    visit::{Manner, is_at_rest, visit},
};

/// How often one looks at what the daemon holds. As many come before the first look as between two of them, so that everything
/// has been used, and as dense a crowd has been there.
const LOOKS: usize = 4;
/// How often its state is asked for while something is waited for.
const LOOK: Duration = Duration::from_millis(200);
/// How long threads may take to end that have nothing to do any more, and memory to go back.
const SETTLING: Duration = Duration::from_secs(20);
/// Where the namespace has its address.
const LAB: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (mut visitors, mut each_second) = (1000, 4);
    for pair in arguments.chunks(2) {
        match pair {
            [name, count] if name == "--visitors" => visitors = count.parse().unwrap(),
            [name, count] if name == "--each-second" => each_second = count.parse().unwrap(),
            other => panic!("expected --visitors N or --each-second N, got {other:?}"),
        }
    }
    tokio::runtime::Runtime::new().unwrap().block_on(measure(visitors, Duration::from_secs(1) / each_second));
}

async fn measure(visitors: usize, between: Duration) {
    let machine = machine::machine();
    let relay = PlainRelay::start_on(LAB).await;
    let picture = ["--video", "test", "--audio", "test", "--size", "320x180", "--fps", "30", "--bitrate", "500k"];
    let daemon = Daemon::start(relay.url(), &picture).await;
    let first = visitors / LOOKS;
    company(&daemon, relay.url(), 0..first, between).await;
    tokio::time::sleep(SETTLING).await;
    let before = Held::by(daemon.process());
    println!("{machine}\n\n| visitors | threads | descriptors | memory, MB |\n| --- | --- | --- | --- |");
    row(0, before);
    let mut after = before;
    for look in 0..LOOKS {
        let (from, to) = (visitors * look / LOOKS, visitors * (look + 1) / LOOKS);
        company(&daemon, relay.url(), first + from..first + to, between).await;
        tokio::time::sleep(SETTLING).await;
        after = Held::by(daemon.process());
        row(to, after);
    }
    let more = |after: usize, before: usize| format!("{:+}", after as i64 - before as i64);
    let memory = format!("{:+.1} MB", megabytes(after) - megabytes(before));
    print!(
        "\n{}",
        Goals::new(vec![
            line("threads", "+0", more(after.threads, before.threads)),
            line("descriptors", "+0", more(after.descriptors, before.descriptors)),
            line("memory", "<= +5 MB", memory),
        ])
    );
}

fn row(visitors: usize, held: Held) {
    println!("| {visitors} | {} | {} | {:.1} |", held.threads, held.descriptors, megabytes(held));
}

fn megabytes(held: Held) -> f64 {
    held.memory as f64 * 1024.0 / 1e6
}

/// Lets them come and go, and waits until everything has come to rest.
async fn company(daemon: &Daemon, relay: &str, numbers: Range<usize>, between: Duration) {
    let mut visits = JoinSet::new();
    let mut turns = tokio::time::interval(between);
    for number in numbers {
        turns.tick().await;
        let relay = relay.to_owned();
        visits.spawn(async move { visit(&relay, daemon::ID, number, Manner::of(number)).await });
    }
    visits.join_all().await;
    while !is_at_rest(&daemon.state().await) {
        tokio::time::sleep(LOOK).await;
    }
}
