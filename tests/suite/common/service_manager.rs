//! A service manager's part of sd_notify(3): the socket that a daemon tells how it does.

use std::{path::Path, process::Command, time::Duration};

use tempfile::TempDir;
use tokio::{net::UnixDatagram, time::timeout};

/// How long a word may take on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What listens.
pub(crate) struct ServiceManager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl ServiceManager {
    /// One that listens.
    pub(crate) fn listen() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { folder, socket }
    }

    /// Where its socket is, called `notify`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `command` starts is to tell it how it does; with `patience` it waits so long for a sign of life.
    pub(crate) fn watch(&self, command: &mut Command, patience: Option<Duration>) {
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify")).env_remove("WATCHDOG_PID");
        match patience {
            Some(patience) => command.env("WATCHDOG_USEC", patience.as_micros().to_string()),
            None => command.env_remove("WATCHDOG_USEC"),
        };
    }

    /// The next word that begins with `prefix`, such as `READY=1`; those before it are passed over. `None`: there is none
    /// within `limit`.
    pub(crate) async fn word_within(&self, limit: Duration, prefix: &str) -> Option<String> {
        let heard = async {
            let mut words = [0; 4096];
            loop {
                let length = self.socket.recv(&mut words).await.unwrap();
                let text = String::from_utf8(words[..length].to_vec()).unwrap();
                if let Some(word) = text.lines().find(|word| word.starts_with(prefix)) {
                    return word.to_owned();
                }
            }
        };
        timeout(limit, heard).await.ok()
    }

    /// The next word that begins with `prefix`.
    pub(crate) async fn word(&self, prefix: &str) -> String {
        let word = self.word_within(LIMIT, prefix).await;
        word.unwrap_or_else(|| panic!("no {prefix}... within {LIMIT:?}"))
    }
}
