//! The control socket: there by default, for the daemon's own user, not stolen from a daemon that lives, taken over from one
//! that does not.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::common::daemon::{Daemon, command, run_to_end};

const LIMIT: Duration = Duration::from_secs(10);

/// A user's runtime folder.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("peergate.sock")
    }

    /// `peergate run` of that user.
    fn run(&self, more: &[&str]) -> Command {
        self.run_at("127.0.0.1:0", more)
    }

    /// The same with a port of its own, or none.
    fn run_at(&self, listen: &str, more: &[&str]) -> Command {
        let all = ["run", "--listen", listen, "--stun", "none", "--video", "none", "--audio", "none"];
        let mut command = command(&[&all, more].concat());
        command.env_remove("PEERGATE_SOCKET").env_remove("RUNTIME_DIRECTORY").env("XDG_RUNTIME_DIR", self.0.path());
        command
    }
}

/// What the API says over a socket, head and all.
async fn asked(socket: &Path, headers: &str) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = format!("GET /api/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_is_there_by_default_and_for_its_own_user_only() {
    let home = Home::new();
    let mut daemon = Daemon::start(home.run(&[])).await;
    let file = fs::symlink_metadata(home.socket()).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(asked(&home.socket(), "").await.starts_with("HTTP/1.1 200 OK"));
    daemon.signal("TERM");
    assert!(daemon.ended(LIMIT).await.success());
    assert!(!home.socket().exists(), "it is gone with the daemon");
}

#[tokio::test]
async fn no_token_is_asked_for_there_and_pages_of_others_are_refused() {
    let home = Home::new();
    let token = home.0.path().join("token");
    fs::write(&token, "s3cret-of-sixteen").unwrap();
    let daemon = Daemon::start(home.run(&["--control-token-file", token.to_str().unwrap()])).await;
    assert_eq!(reqwest::get(daemon.http("/api/state")).await.unwrap().status(), 401);
    assert!(asked(&home.socket(), "").await.starts_with("HTTP/1.1 200 OK"));
    let refused = asked(&home.socket(), "Origin: https://evil.example\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
}

#[tokio::test]
async fn one_of_a_daemon_that_was_killed_is_replaced() {
    let home = Home::new();
    drop(Daemon::start(home.run(&[])).await);
    assert!(home.socket().exists(), "it is left behind");
    let _daemon = Daemon::start(home.run(&[])).await;
    assert!(asked(&home.socket(), "").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn one_of_a_daemon_that_lives_is_not_stolen() {
    let home = Home::new();
    let first = Daemon::start(home.run(&["--id", "first"])).await;
    // Who asks for it by name does not start without it; who does not, goes without.
    let named = run_to_end(home.run(&["--socket", home.socket().to_str().unwrap()]));
    assert_eq!(named.status.code(), Some(1));
    assert!(named.stderr.contains("another daemon listens at"), "{}", named.stderr);
    let second = Daemon::start(home.run(&["--id", "second"])).await;
    second.wait_for_log("another daemon listens at", LIMIT).await;
    drop(second);
    assert!(asked(&home.socket(), "").await.contains("\"first\""), "{}", first.log());
}

#[tokio::test]
async fn it_is_where_it_is_wanted_also_without_a_port() {
    let home = Home::new();
    let wanted = home.0.path().join("elsewhere");
    let arguments = ["--socket", wanted.to_str().unwrap(), "--room", "ws://127.0.0.1:1/room"];
    let daemon = Daemon::spawn(home.run_at("none", &arguments));
    daemon.wait_for_log("the control socket", LIMIT).await;
    assert!(asked(&wanted, "").await.starts_with("HTTP/1.1 200 OK"));
    assert!(!home.socket().exists());
}
