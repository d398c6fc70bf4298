//! What it costs to judge a link, and what comes of it: peergate's estimator beside GStreamer's `rtpgccbwe`. Both are given
//! the same packets at the moments at which they leave here, and are told of their arrival over links that are simulated.
//! `./dev bench estimator [--peers 20] [--seconds 10]`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark says what went wrong by panicking")]

mod gcc;
mod link;
#[path = "../common/machine.rs"]
mod machine;
mod nobody;
mod own;
mod peer;
mod report;
mod scene;
mod subject;
mod traffic;
mod usage;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use peergate::{
    media::{clockwork::Clockwork, elements},
    units::Bitrate,
};

use crate::{
    peer::Peer,
    report::{Cost, Report, Verdict},
    scene::{SCENES, Scene},
    subject::Kind,
    traffic::Traffic,
    usage::Usage,
};

/// What a link is asked to bear at most, and thought to bear before anything is known: half as much again as is sent, as in
/// the daemon (`quality::asked`).
const MOST: Bitrate = Bitrate::from_bits(3_000_000);

/// How often a peer tells what has arrived, as browsers do.
const BETWEEN_FEEDBACKS: Duration = Duration::from_millis(50);

/// How long everything runs before it is measured.
const SETTLING: Duration = Duration::from_secs(2);

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let plan = Plan::of(&arguments);
    elements::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&plan));
}

/// What is measured.
struct Plan {
    peers: usize,
    /// How long the cost of each is measured. It is judged for twice as long.
    period: Duration,
}

impl Plan {
    fn of(arguments: &[&str]) -> Self {
        let mut plan = Self { peers: 20, period: Duration::from_secs(10) };
        for pair in arguments.chunks(2) {
            match pair {
                ["--peers", peers] => plan.peers = peers.parse().unwrap(),
                ["--seconds", seconds] => plan.period = Duration::from_secs(seconds.parse().unwrap()),
                other => panic!("expected --peers N or --seconds N, got {other:?}"),
            }
        }
        plan
    }
}

async fn measure(plan: &Plan) {
    let machine = machine::machine();
    let clockwork = Clockwork::start();
    // GStreamer keeps threads that have ended for those to come, so all are counted from here.
    let idle = Usage::now();
    let mut costs = Vec::new();
    for kind in Kind::ALL {
        costs.push(cost(kind, plan, &idle, &clockwork).await);
    }
    let verdicts = join_all(SCENES.iter().map(|scene| judge(scene, plan.period * 2, &clockwork))).await;
    print!("{}", Report { machine, peers: plan.peers, period: plan.period, most: MOST, costs, verdicts });
}

/// What one kind costs with so many peers, in the first scene.
async fn cost(kind: Kind, plan: &Plan, idle: &Usage, clockwork: &Clockwork) -> Cost {
    let [scene, ..] = &SCENES;
    let mut peers = Vec::new();
    for _ in 0..plan.peers {
        peers.push(Peer::new(kind.subject(MOST, clockwork).await, scene));
    }
    let mut traffic = Traffic::of(scene);
    run(&mut peers, &mut traffic, SETTLING).await;
    let before = Usage::now();
    run(&mut peers, &mut traffic, plan.period).await;
    let after = Usage::now();
    eprintln!("measured: {kind}");
    Cost { kind, cores: after.cores_since(&before), threads: after.threads.saturating_sub(idle.threads) }
}

/// What the two make of a scene, at the same time.
async fn judge(scene: &'static Scene, time: Duration, clockwork: &Clockwork) -> Verdict {
    let mut peers = Vec::new();
    for kind in Kind::RIVALS {
        peers.push(Peer::new(kind.subject(MOST, clockwork).await, scene));
    }
    run(&mut peers, &mut Traffic::of(scene), time).await;
    Verdict { scene, estimates: peers.iter().map(Peer::estimates).collect() }
}

/// Sends all peers what is due, and has them tell of its arrival: in real time, and on this thread alone.
async fn run(peers: &mut [Peer], traffic: &mut Traffic<'_>, time: Duration) {
    let begun = Instant::now();
    let mut feedback = begun + BETWEEN_FEEDBACKS;
    while begun.elapsed() < time {
        for burst in traffic.due() {
            peers.iter_mut().for_each(|peer| peer.send(&burst));
        }
        let now = Instant::now();
        if now >= feedback {
            peers.iter_mut().for_each(|peer| peer.tell(now));
            feedback += BETWEEN_FEEDBACKS;
        }
        tokio::time::sleep_until(traffic.next().min(feedback).into()).await;
    }
}
