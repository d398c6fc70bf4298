//! The daemon itself: the binary, started with arguments, its log read, ended by its id.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::{sync::watch, time::timeout};

use super::{openapi, peers_in_state};

/// The member of [`Daemon::gateway`].
pub(crate) const GATEWAY: &str = "gateway";

/// How long a daemon may take to listen on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long a change of state may take on a loaded machine.
const STATE_LIMIT: Duration = Duration::from_secs(20);

/// A running `peergate`. Dropping it kills it.
pub(crate) struct Daemon {
    child: Option<Child>,
    id: u32,
    log: watch::Receiver<Vec<String>>,
    address: Option<SocketAddr>,
    /// Its configuration, which it may read again.
    configuration: Option<NamedTempFile>,
}

/// What a `peergate` that has ended left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Daemon {
    /// One with a member, [`GATEWAY`], in the room of its own relay, a small test picture, no server outside, and `more`
    /// arguments.
    pub(crate) async fn gateway(more: &[&str]) -> Self {
        let fixed = ["--id", GATEWAY, "--stun", "none", "--size", "320x180", "--fps", "30", "--bitrate", "500k"];
        Self::run(&[&fixed, more].concat()).await
    }

    /// The same with this configuration.
    pub(crate) async fn configured(text: &str) -> Self {
        Self::configured_with(text, &[]).await
    }

    /// The same, recording `what` ("remote", "local", "all" or "none") to the folder `dir`.
    pub(crate) async fn recording(what: &str, dir: &str, text: &str) -> Self {
        Self::configured_with(text, &["--record", what, "--record-dir", dir]).await
    }

    async fn configured_with(text: &str, more: &[&str]) -> Self {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let mut daemon = Self::gateway(&[&["--config", file.path().to_str().unwrap()], more].concat()).await;
        daemon.configuration = Some(file);
        daemon
    }

    /// `peergate run --listen 127.0.0.1:0` and `arguments`, once it listens.
    pub(crate) async fn run(arguments: &[&str]) -> Self {
        let all = [&["run", "--listen", "127.0.0.1:0"], arguments].concat();
        Self::start(command(&all)).await
    }

    /// `command`, once it says that it listens. For arguments and an environment of one's own.
    pub(crate) async fn start(command: Command) -> Self {
        let mut daemon = Self::spawn(command);
        let line = daemon.wait_for_log("listening address=", START_LIMIT).await;
        let (_, address) = line.split_once("listening address=").unwrap();
        let address = address.split_whitespace().next().unwrap();
        daemon.address = Some(address.parse().unwrap());
        daemon
    }

    /// `command`, started; it may never listen.
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the peergate binary starts");
        let stderr = child.stderr.take().unwrap();
        let (lines, log) = watch::channel(Vec::new());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                lines.send_modify(|lines| lines.push(line));
            }
        });
        Self { id: child.id(), child: Some(child), log, address: None, configuration: None }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Its threads by name.
    pub(crate) fn threads(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id)).unwrap();
        // A thread may end between the listing and the look.
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
        let mut names: Vec<_> =
            tasks.filter_map(|task| name(task.unwrap())).map(|name| name.trim().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Waits until it has at most so many threads.
    pub(crate) async fn threads_fall_to(&self, most: usize) {
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        let fallen = timeout(Duration::from_secs(15), async {
            while self.threads().len() > most {
                turns.tick().await;
            }
        });
        assert!(fallen.await.is_ok(), "more than {most} threads are left: {:?}", self.threads());
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("a daemon that listens")
    }

    /// `http://` and its address and `path`.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Its embedded relay's room `path`, as in `ws("/signal")`.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address())
    }

    /// What `GET /api/state` says.
    pub(crate) async fn state(&self) -> Value {
        let state = reqwest::get(self.http("/api/state")).await.unwrap().json().await.unwrap();
        openapi::keeps_to("State", &state);
        state
    }

    /// Asks for the state each 50 ms until `is_so` says yes, and gives that state; panics with the last one and the
    /// log after `limit`.
    pub(crate) async fn wait_for_state(&self, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = timeout(limit, async {
            let mut turns = tokio::time::interval(Duration::from_millis(50));
            loop {
                turns.tick().await;
                last = self.state().await;
                if is_so(&last) {
                    break;
                }
            }
        })
        .await;
        assert!(found.is_ok(), "the state is not as expected within {limit:?}: {last:#}\nlog:\n{}", self.log());
        last
    }

    /// Waits until the state shows `peer` as `is_so` wants it.
    pub(crate) async fn peer(&self, peer: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let state = self.wait_for_state(STATE_LIMIT, |state| find_peer(state, peer).is_some_and(&is_so)).await;
        find_peer(&state, peer).unwrap().clone()
    }

    /// Waits until the state shows no `peer` any more.
    pub(crate) async fn gone(&self, peer: &str, limit: Duration) {
        self.wait_for_state(limit, |state| find_peer(state, peer).is_none()).await;
    }

    /// Waits until the state shows the encoder for `codec` as `is_so` wants it.
    pub(crate) async fn encoder(&self, codec: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let state = self.wait_for_state(STATE_LIMIT, |state| find_encoder(state, codec).is_some_and(&is_so)).await;
        find_encoder(&state, codec).unwrap().clone()
    }

    /// Sends a message, `{"text": ...}` or `{"base64": ...}`, to all or to one peer.
    pub(crate) async fn send(&self, peer: Option<&str>, message: &Value) -> reqwest::Response {
        let path = peer.map_or("/api/messages".to_owned(), |peer| format!("/api/peers/{peer}/messages"));
        reqwest::Client::new().post(self.http(&path)).json(message).send().await.unwrap()
    }

    /// Sends text to all.
    pub(crate) async fn send_text(&self, text: &str) {
        self.send(None, &json!({ "text": text })).await.error_for_status().unwrap();
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().join("\n")
    }

    /// The first line of the log that holds `text`, now or within `limit`; panics with the log otherwise.
    pub(crate) async fn wait_for_log(&self, text: &str, limit: Duration) -> String {
        let holds = |line: &&String| line.contains(text);
        let mut log = self.log.clone();
        let found = timeout(limit, log.wait_for(|lines| lines.iter().any(|line| holds(&line)))).await;
        match found {
            Ok(Ok(lines)) => lines.iter().find(holds).cloned().unwrap(),
            Ok(Err(_)) => panic!("peergate ended without a log line with {text:?}:\n{}", self.log()),
            Err(_) => panic!("no log line with {text:?} within {limit:?}:\n{}", self.log()),
        }
    }

    /// Sends it a signal, `TERM` or `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id.to_string()]).status().unwrap();
        assert!(status.success(), "kill -{name} {}", self.id);
    }

    /// How it ended, once it has; panics with the log after `limit`.
    pub(crate) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("ended once");
        let waiting = tokio::task::spawn_blocking(move || child.wait().unwrap());
        match timeout(limit, waiting).await {
            Ok(status) => status.unwrap(),
            Err(_) => {
                self.signal("KILL");
                panic!("peergate still runs after {limit:?}:\n{}", self.log())
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("log of peergate {}:\n{}", self.id, self.log());
        }
    }
}

/// `peergate` with `arguments`, and nothing of the test's environment that would speak to it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peergate"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PEERGATE_")) {
        command.env_remove(name);
    }
    // It sees to that itself.
    for (name, _) in peergate::media::elements::ENVIRONMENT {
        command.env_remove(name);
    }
    // Whoever runs the tests may have a daemon of their own.
    command.env("PEERGATE_SOCKET", "none");
    command.env_remove("CREDENTIALS_DIRECTORY").args(arguments);
    command
}

/// Runs `command` to its end, and collects what it prints.
pub(crate) fn run_to_end(mut command: Command) -> Ended {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stderr.take().unwrap();
    let stderr = std::thread::spawn(move || {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    Ended { status: child.wait().unwrap(), stdout, stderr: stderr.join().unwrap() }
}

/// Whether a peer's state says that it is connected.
pub(crate) fn is_connected(peer: &Value) -> bool {
    peer["connection"] == "connected"
}

/// The track of `codec` that a peer sends us, in that peer's state.
pub(crate) fn receiving<'a>(peer: &'a Value, codec: &str) -> Option<&'a Value> {
    peer["receiving"].as_array()?.iter().find(|track| track["codec"] == codec)
}

/// The track with this codec that is sent to a peer.
pub(crate) fn sending<'a>(peer: &'a Value, codec: &str) -> Option<&'a Value> {
    peer["sending"].as_array()?.iter().find(|track| track["codec"] == codec)
}

fn find_peer<'a>(state: &'a Value, peer: &str) -> Option<&'a Value> {
    peers_in_state::peers(state).iter().find(|one| one["id"] == peer)
}

fn find_encoder<'a>(state: &'a Value, codec: &str) -> Option<&'a Value> {
    state["encoders"].as_array()?.iter().find(|one| one["codec"] == codec)
}
