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

/// The daemon; killed when dropped.
pub(crate) struct Daemon {
    process: Child,
    joined_after: Duration,
}

impl Daemon {
    /// Starts it with these `arguments` of `run`, and waits until it has joined its room.
    pub(crate) async fn start(relay: &str, arguments: &[&str]) -> Self {
        let (mut room, _) = tokio_tungstenite::connect_async(relay).await.expect("the relay listens");
        let mut places = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file can be made");
        write!(places, "[[member]]\nroom = \"{relay}\"\npeers = 1000\n").expect("it can be written");
        let places = places.path().to_str().expect("its name is text");
        let surroundings = ["--config", places, "--id", ID, "--stun", "none", "--listen", API, "--log", "warn"];
        let begun = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_peergate"))
            .arg("run")
            .args(surroundings)
            .args(arguments)
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

    /// What `GET /api/state` says.
    pub(crate) async fn state(&self) -> Value {
        let state = reqwest::get(url("/api/state")).await.expect("its API answers");
        state.json().await.expect("its API answers in JSON")
    }
}

/// Where its API has `path`.
pub(crate) fn url(path: &str) -> String {
    format!("http://{API}{path}")
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
