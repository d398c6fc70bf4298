//! What recording costs a daemon that receives: in turns without and with it.

use std::{fs, path::Path, time::Duration};

use peergate::recorder::Archive;
use serde_json::{Value, json};

use crate::{
    daemon::{self, Daemon},
    files,
    network::{DAEMON, Network},
    plain_relay::PlainRelay,
    process::Sample,
    senders::Senders,
};

/// How long may be taken to settle before something is measured: jitter buffers fill, first segments begin.
const SETTLING: Duration = Duration::from_secs(3);

/// How often it is measured without and with recording.
const TURNS: usize = 2;

/// How often what is waited for is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What was measured.
#[derive(Default)]
pub(crate) struct Overhead {
    pub(crate) peers: usize,
    /// Cores that were busy with the daemon in each turn, without and with recording.
    pub(crate) turns: Vec<[f64; 2]>,
    /// Threads without and with.
    pub(crate) threads: [u64; 2],
    /// Files, and what is wrong with them.
    pub(crate) files: usize,
    pub(crate) frames: u64,
    pub(crate) faults: Vec<String>,
    /// Frames that found no place in a queue.
    pub(crate) dropped: u64,
    /// Packets that found no place in a socket, because the daemon did not fetch them in time.
    pub(crate) unread: u64,
}

impl Overhead {
    pub(crate) async fn measure(peers: usize, period: Duration) -> Self {
        let network = Network::build(1);
        let relay = PlainRelay::start_on(DAEMON).await;
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let sources = ["--video", "none", "--audio", "none"];
        let daemon =
            Daemon::start(relay.url(), &[&sources[..], &["--record", "none", "--record-dir", dir]].concat()).await;
        let senders = Senders::start(relay.url(), peers).await;
        until(&daemon, |state| receiving(state) == 2 * peers).await;
        let mut measured = Self { peers, ..Self::default() };
        let unread_before = unread(&daemon);
        for _ in 0..TURNS {
            let (without, threads) = busy(&daemon, period).await;
            let recordings = start(peers).await;
            let (with, threads_with) = busy(&daemon, period).await;
            let state = daemon.state().await;
            let running = state["recordings"].as_array().unwrap().iter();
            measured.dropped += running.map(|one| one["dropped"].as_u64().unwrap()).sum::<u64>();
            end(&recordings).await;
            measured.turns.push([without, with]);
            measured.threads = [threads, threads_with];
        }
        measured.unread = unread(&daemon).saturating_sub(unread_before);
        until(&daemon, |state| state["recordings"] == json!([])).await;
        senders.leave().await;
        until_sealed(folder.path()).await;
        drop(daemon);
        drop(network);
        let files = files::of(folder.path());
        measured.files = files.len();
        measured.frames = files.iter().flat_map(|file| &file.manifest.tracks).map(|track| track.frames).sum();
        measured.faults = files.iter().flat_map(files::File::faults).chain(verified(folder.path())).collect();
        measured
    }

    /// Cores for each recorded peer, over receiving it.
    pub(crate) fn each(&self) -> f64 {
        let differences = self.turns.iter().map(|[without, with]| with - without);
        differences.sum::<f64>() / (self.turns.len() * self.peers) as f64
    }
}

/// How many cores are busy with the daemon, and its threads.
async fn busy(daemon: &Daemon, period: Duration) -> (f64, u64) {
    tokio::time::sleep(SETTLING).await;
    let before = Sample::of(daemon.process());
    tokio::time::sleep(period).await;
    let after = Sample::of(daemon.process());
    (after.cores_since(&before), after.threads)
}

/// How many packets the kernel could not put into the UDP sockets of the daemon's network, as long as those are open: the last
/// word of each line.
fn unread(daemon: &Daemon) -> u64 {
    let sockets = fs::read_to_string(format!("/proc/{}/net/udp", daemon.process())).unwrap();
    let drops = sockets.lines().skip(1).filter_map(|socket| socket.split_whitespace().last()?.parse::<u64>().ok());
    drops.sum()
}

/// Has all peers recorded; the recordings' ids.
async fn start(peers: usize) -> Vec<String> {
    let request = reqwest::Client::new().post(daemon::url("/api/recordings")).json(&json!({}));
    let answer: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let ids: Vec<String> = serde_json::from_value(answer["recordings"].clone()).unwrap();
    assert_eq!(ids.len(), peers, "each peer is recorded");
    ids
}

async fn end(recordings: &[String]) {
    for id in recordings {
        let path = daemon::url(&format!("/api/recordings/{id}"));
        reqwest::Client::new().delete(path).send().await.unwrap().error_for_status().unwrap();
    }
}

/// How many tracks come.
fn receiving(state: &Value) -> usize {
    let lists = |from: &Value, key: &str| from[key].as_array().cloned().unwrap_or_default();
    let peers = lists(state, "members").into_iter().flat_map(|member| lists(&member, "peers"));
    let tracks = peers.flat_map(|peer| lists(&peer, "receiving"));
    tracks.filter(|track| track["frames"].as_u64() > Some(0)).count()
}

async fn until(daemon: &Daemon, is_so: impl Fn(&Value) -> bool) {
    while !is_so(&daemon.state().await) {
        tokio::time::sleep(LOOK).await;
    }
}

/// Until each file has its digest.
async fn until_sealed(folder: &Path) {
    while files::of(folder).iter().any(|file| file.manifest.sha256.is_none()) {
        tokio::time::sleep(LOOK).await;
    }
}

/// What `peergate recordings verify` finds fault with.
fn verified(folder: &Path) -> Vec<String> {
    let verdict = Archive::new(folder.to_owned()).verify();
    let unfinished = verdict.unfinished.iter().map(|file| format!("{file}: not finished"));
    verdict.faults.iter().cloned().chain(unfinished).collect()
}
