//! The daemon that is measured.

use std::{
    io::Write,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use serde_json::Value;

/// Its id in the room.
pub(crate) const ID: &str = "gateway";

/// Where its API is: nobody else listens in the namespace that the benchmark runs in.
const API: &str = "127.0.0.1:8080";

/// How often its state is asked for while something is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// The daemon; killed when dropped.
pub(crate) struct Daemon {
    process: Child,
    joined_after: Duration,
}

impl Daemon {
    /// Starts it and waits until it has joined its room.
    pub(crate) async fn start(relay: &str) -> Self {
        let (mut room, _) = tokio_tungstenite::connect_async(relay).await.expect("the relay listens");
        let mut places = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file can be made");
        write!(places, "[[member]]\nroom = \"{relay}\"\npeers = 1000\n").expect("it can be written");
        let places = places.path().to_str().expect("its name is text");
        let arguments = ["run", "--config", places, "--id", ID, "--video", "test", "--audio", "test"];
        let picture = ["--size", "1280x720", "--fps", "30", "--bitrate", "2000k", "--codec", "h264"];
        let surroundings = ["--stun", "none", "--listen", API, "--log", "warn"];
        let begun = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_peergate"))
            .args(arguments)
            .args(picture)
            .args(surroundings)
            .stdin(Stdio::null())
            .spawn()
            .expect("the peergate binary starts");
        room.next().await.expect("it joins").expect("it joins");
        Self { process, joined_after: begun.elapsed() }
    }

    /// How long it took from its start until others in the room heard of it.
    pub(crate) const fn joined_after(&self) -> Duration {
        self.joined_after
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// How long its frames take from capture to wire: 95 of 100 at most, in ms, the slower of picture and sound.
    pub(crate) async fn capture_to_wire(&self) -> f64 {
        let state = state().await;
        let sources = state["sources"].as_array().expect("it has sources").iter();
        let times = sources.filter_map(|source| source["capture_to_wire"]["p95_ms"].as_f64());
        times.reduce(f64::max).expect("its frames are timed")
    }

    /// Waits until it neither captures nor encodes anything.
    pub(crate) async fn idle(&self) {
        let is_idle = |state: &Value| {
            let all = ["sources", "encoders"].into_iter().filter_map(|list| state[list].as_array()).flatten();
            all.into_iter().all(|one| one["condition"]["state"] == "idle")
        };
        while !is_idle(&state().await) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn state() -> Value {
    let state = reqwest::get(format!("http://{API}/api/state")).await.expect("its API answers");
    state.json().await.expect("its API answers in JSON")
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
