//! The viewers: processes of their own, so that what they cost is not the daemon's.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::Ipv4Addr,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    daemon,
    network::Network,
    str0m_peer::{Options, Viewer},
};

/// Between one join and the next.
const BETWEEN_JOINS: Duration = Duration::from_millis(100);
/// How long a viewer waits for its first keyframe.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one viewer saw. Times count from its `join`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Viewing {
    /// Until the first video frame that can be decoded, in ms.
    pub(crate) first_keyframe: u64,
    /// Video frames.
    pub(crate) frames: u64,
    /// Video frames in a second.
    pub(crate) rate: f64,
    /// Holes in the sequence numbers of video and audio.
    pub(crate) gaps: u64,
}

/// All viewers so far.
pub(crate) struct Audience<'a> {
    relay: &'a str,
    viewers: Vec<Seat>,
    seats: &'a Network,
}

struct Seat {
    process: Child,
    says: BufReader<ChildStdout>,
}

impl<'a> Audience<'a> {
    pub(crate) const fn new(seats: &'a Network, relay: &'a str) -> Self {
        Self { relay, viewers: Vec::new(), seats }
    }

    /// Lets viewers join until there are `count`, and waits until each has a picture.
    pub(crate) async fn grow(&mut self, count: usize) {
        assert!(count <= self.seats.len(), "each viewer has a namespace");
        let present = self.viewers.len();
        self.viewers.extend((present..count).map(|viewer| Seat::take(self.relay, viewer)));
        // What a process costs until it is ready to join is not what is measured.
        self.all_say("ready", present).await;
        for viewer in &mut self.viewers[present..] {
            viewer.join();
            tokio::time::sleep(BETWEEN_JOINS).await;
        }
        self.all_say("playing", present).await;
    }

    /// Waits until each viewer from `first` on says `word`.
    async fn all_say(&mut self, word: &'static str, first: usize) {
        for viewer in self.viewers.drain(first..).collect::<Vec<_>>() {
            // On a thread of its own: the relay runs on this one.
            let viewer = tokio::task::spawn_blocking(|| viewer.saying(word)).await.unwrap();
            self.viewers.push(viewer);
        }
    }

    /// Ends all, and collects what they saw.
    pub(crate) async fn leave(self) -> Vec<Viewing> {
        let viewers = self.viewers;
        tokio::task::spawn_blocking(|| viewers.into_iter().map(Seat::leave).collect()).await.unwrap()
    }
}

impl Seat {
    fn take(relay: &str, viewer: usize) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut process = Command::new("ip")
            .args(["netns", "exec", &Network::namespace(viewer)])
            // Others' machines would not keep the daemon from its own.
            .args(["nice", "--adjustment=19"])
            .arg(own)
            .args(["viewer", relay, &Network::address(viewer).to_string(), &format!("viewer-{}", viewer + 1)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(process.stdout.take().unwrap());
        Self { process, says }
    }

    /// Once it says `word`.
    fn saying(mut self, word: &str) -> Self {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), word, "a viewer failed; what it saw is above");
        self
    }

    fn join(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"join\n").unwrap();
    }

    fn leave(mut self) -> Viewing {
        drop(self.process.stdin.take());
        let mut report = String::new();
        self.says.read_to_string(&mut report).unwrap();
        self.process.wait().unwrap();
        serde_json::from_str(&report).unwrap()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The viewer's process: joins when it is told to, says when it plays, looks on until its input ends, and says what it
/// saw.
pub(crate) async fn view(relay: &str, address: Ipv4Addr, id: &str) {
    // The first connection of a process gathers randomness for as long as a join takes.
    drop(str0m::Rtc::new(Instant::now()));
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let options = Options { address: address.into(), ..Options::new(id) };
    let viewer = Viewer::join(relay, options.meeting(daemon::ID)).await;
    viewer.until("a keyframe", PATIENCE, |view| view.tracks().find_map(|track| track.first_keyframe_after)).await;
    say("playing");
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()).unwrap()).await.unwrap();
    let view = viewer.view();
    let video = view.tracks().find(|track| track.is_video()).unwrap();
    let looked = video.latest_after.saturating_sub(video.first_keyframe_after.unwrap()).as_secs_f64();
    let viewing = Viewing {
        first_keyframe: u64::try_from(video.first_keyframe_after.unwrap().as_millis()).unwrap(),
        frames: video.frames,
        rate: video.frames.saturating_sub(1) as f64 / looked,
        gaps: view.tracks().map(|track| track.gaps).sum(),
    };
    println!("{}", serde_json::to_string(&viewing).unwrap());
}

fn say(word: &str) {
    println!("{word}");
    std::io::stdout().flush().unwrap();
}
