//! A gateway on a host of its own: others reach its page there, and what it says of itself comes over its control socket, as
//! both hosts have one file system.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::{daemon::Daemon, dashboard::TOKEN, netns::Host};

/// A running gateway.
pub(crate) struct DistantGateway {
    pub(crate) daemon: Daemon,
    client: Client,
    folder: TempDir,
}

impl DistantGateway {
    /// One on `host`, reachable there, with `arguments`.
    pub(crate) async fn start(host: &Host, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (token, socket) = (folder.path().join("token"), folder.path().join("socket"));
        std::fs::write(&token, TOKEN).unwrap();
        let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
        command.args(["run", "--listen", &format!("{}:0", host.address), "--stun", "none"]);
        command.arg("--control-token-file").arg(token).arg("--socket").arg(&socket).args(arguments);
        command.env("XDG_STATE_HOME", folder.path());
        let daemon = Daemon::start(command).await;
        let client = Client::builder().unix_socket(socket).build().unwrap();
        Self { daemon, client, folder }
    }

    /// Its certificate, where that is of its own making.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("peergate/certificate.pem")
    }

    /// What `GET /api/state` says.
    pub(crate) async fn state(&self) -> Value {
        let answer = self.client.get("http://localhost/api/state").send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// The same, once it is as `is_so` wants it; panics after `limit`.
    pub(crate) async fn until(&self, what: &str, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let state = self.state().await;
            if is_so(&state) {
                return state;
            }
            assert!(begun.elapsed() < limit, "wanted {what} within {limit:?}; the state is {state:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The first peer of the only member, in a gateway's state.
pub(crate) fn first_peer(state: &Value) -> &Value {
    &state["members"][0]["peers"][0]
}
