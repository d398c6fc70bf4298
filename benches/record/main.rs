//! What recording costs: beside a bare pipeline that depayloads and muxes the same packets, and over receiving them in the
//! daemon; and whether the files have all that was sent.
//! `./dev bench record [--streams 20] [--seconds 15]`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark says what went wrong by panicking")]

mod contest;
#[expect(dead_code, reason = "the benchmark of viewers uses more of it")]
#[path = "../common/daemon.rs"]
mod daemon;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/encoded_media.rs"]
mod encoded_media;
mod files;
#[path = "../common/goals.rs"]
mod goals;
mod kind;
#[path = "../common/machine.rs"]
mod machine;
#[expect(dead_code, reason = "the benchmark of viewers uses more of it")]
#[path = "../common/network.rs"]
mod network;
mod overhead;
mod packets;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/plain_relay.rs"]
mod plain_relay;
#[expect(dead_code, reason = "the benchmark of viewers uses more of it")]
#[path = "../common/process.rs"]
mod process;
mod push;
mod reached;
mod report;
mod scene;
mod senders;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/suite/common/str0m_peer/mod.rs"]
mod str0m_peer;

use std::{path::Path, time::Duration};

use peergate::{codec::Codec, media::elements};

use crate::{contest::Contest, overhead::Overhead, report::Report};

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments[..] {
        ["rival", kind, streams, packets, dir] => {
            runtime.block_on(contest::compete(kind, streams.parse().unwrap(), Path::new(packets), Path::new(dir)));
        }
        ["senders", relay, address, count] => {
            runtime.block_on(senders::send(relay, address.parse().unwrap(), count.parse().unwrap()));
        }
        _ => runtime.block_on(measure(&Plan::of(&arguments))),
    }
}

/// What is measured.
struct Plan {
    /// How many streams, or peers, there are.
    streams: usize,
    /// How long each figure is measured.
    period: Duration,
}

impl Plan {
    fn of(arguments: &[&str]) -> Self {
        let mut plan = Self { streams: 20, period: Duration::from_secs(15) };
        for pair in arguments.chunks(2) {
            match pair {
                ["--streams", streams] => plan.streams = streams.parse().unwrap(),
                ["--seconds", seconds] => plan.period = Duration::from_secs(seconds.parse().unwrap()),
                other => panic!("expected --streams N or --seconds N, got {other:?}"),
            }
        }
        plan
    }
}

async fn measure(plan: &Plan) {
    elements::start().unwrap();
    let machine = machine::machine();
    let mut contests = Vec::new();
    for codec in [Codec::H264, Codec::Vp8] {
        contests.push(Contest::hold(codec, plan.streams, plan.period).await);
        eprintln!("bare pipelines and ours measured with {codec}");
    }
    let overhead = Overhead::measure(plan.streams, plan.period).await;
    print!("{}", Report { machine, period: plan.period, contests, overhead });
}
