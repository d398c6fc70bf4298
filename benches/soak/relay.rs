//! The relay: a process of its own, which can be killed.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::net::TcpStream;

/// The room that all are in.
pub(crate) const ROOM: &str = "ws://127.0.0.1:8081/signal/soak";

/// Where it listens.
const ADDRESS: &str = "127.0.0.1:8081";
/// How often one looks whether it does.
const LOOK: Duration = Duration::from_millis(5);

/// A relay that listens. Dropping it kills it.
pub(crate) struct Relay(Child);

impl Relay {
    pub(crate) async fn start() -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_peergate"))
            .args(["relay", "--listen", ADDRESS, "--log", "error"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let relay = Self(process);
        while TcpStream::connect(ADDRESS).await.is_err() {
            tokio::time::sleep(LOOK).await;
        }
        relay
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
