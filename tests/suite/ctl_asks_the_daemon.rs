//! `peergate ctl` does what it is asked, over the control socket and over TCP; stdout has only what was asked for.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{
    daemon::{Daemon, Ended, command, is_connected, run_to_end},
    decode::Picture,
    distant::DistantGateway,
    netns::Host,
    private_ca::PrivateCa,
    recordings::Recordings,
    str0m_peer::{Message, Options, Viewer},
};

const LIMIT: Duration = Duration::from_secs(20);

/// A daemon with a control socket.
struct Scene {
    daemon: Daemon,
    folder: TempDir,
    recordings: Recordings,
}

impl Scene {
    async fn new() -> Self {
        let (folder, recordings) = (tempfile::tempdir().unwrap(), Recordings::new());
        let socket = folder.path().join("socket");
        let arguments = ["--socket", socket.to_str().unwrap(), "--record-dir", recordings.dir()];
        Self { daemon: Daemon::gateway(&arguments).await, folder, recordings }
    }

    async fn with_viewer() -> (Self, Viewer) {
        let scene = Self::new().await;
        let viewer = Viewer::join(&scene.daemon.ws("/signal"), Options::new("ann")).await;
        scene.daemon.peer("ann", |peer| is_connected(peer) && peer["channel"]["open"] == true).await;
        (scene, viewer)
    }

    /// Asks over the socket.
    async fn ctl(&self, asked: &[&str]) -> Ended {
        let socket = self.folder.path().join("socket");
        ctl(&[asked, &["--socket", socket.to_str().unwrap()]].concat()).await
    }

    /// The same, which has to go well. What is on stdout.
    async fn told(&self, asked: &[&str]) -> String {
        let ended = self.ctl(asked).await;
        assert!(ended.status.success() && ended.stderr.is_empty(), "{asked:?}: {}", ended.stderr);
        ended.stdout
    }

    async fn json(&self, asked: &[&str]) -> Value {
        serde_json::from_str(&self.told(&[asked, &["--json"]].concat()).await).unwrap()
    }
}

async fn ctl(asked: &[&str]) -> Ended {
    let command = command(&[&["ctl"], asked].concat());
    tokio::task::spawn_blocking(|| run_to_end(command)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_how_the_daemon_is() {
    let (scene, _viewer) = Scene::with_viewer().await;
    let whole = scene.told(&["state"]).await;
    for word in ["MEMBER", "gateway", "PEER", "ann", "connected", "SOURCE", "picture", "ENCODED", "h264"] {
        assert!(whole.contains(word), "{word}:\n{whole}");
    }
    let state = scene.json(&["state"]).await;
    assert_eq!(state["members"][0]["id"], "gateway");
    assert!(scene.told(&["peers"]).await.starts_with("MEMBER "));
    let peers = scene.json(&["peers"]).await;
    assert_eq!((&peers[0]["member"], &peers[0]["id"], peers.as_array().unwrap().len()), (&"gateway".into(), &"ann".into(), 1));
    let once = scene.told(&["top", "--once"]).await;
    let peer = once.lines().find(|line| line.contains("ann")).unwrap();
    assert!(once.contains("KBIT/S") && peer.contains("connected"), "{once}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_sent_and_peers_closed() {
    let (scene, viewer) = Scene::with_viewer().await;
    assert_eq!(scene.told(&["send", "to all"]).await, "sent to 1 peer\n");
    assert_eq!(scene.json(&["send", "to ann", "--to", "ann"]).await["peers"], 1);
    assert_eq!(viewer.messages(2).await, [Message::Text("to all".into()), Message::Text("to ann".into())]);
    assert_eq!(scene.told(&["kick", "ann"]).await, "");
    scene.daemon.gone("ann", LIMIT).await;
    let refused = scene.ctl(&["kick", "nobody"]).await;
    assert_eq!((refused.status.code(), refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.starts_with("no peer nobody in any room; "), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_started_listed_and_stopped() {
    let scene = Scene::new().await;
    let started = scene.told(&["record", "start", "--what", "local"]).await;
    let id = started.trim();
    assert!(id.len() == 12 && started.lines().count() == 1, "{started}");
    scene.daemon.wait_for_state(LIMIT, |state| state["recordings"][0]["bytes"].as_u64() > Some(10_000)).await;
    assert!(scene.told(&["record", "list"]).await.contains(id));
    assert_eq!(scene.json(&["record", "list"]).await[0]["id"], id);
    assert_eq!(scene.told(&["record", "stop", id]).await, "");
    scene.recordings.settled(1).await;
    scene.daemon.wait_for_state(LIMIT, |state| state["recordings"] == json!([])).await;
    assert_eq!(scene.told(&["record", "list"]).await, "");
    let nobody = scene.ctl(&["record", "start"]).await;
    assert_eq!(nobody.status.code(), Some(1));
    assert!(nobody.stderr.contains("nobody is there to be recorded"), "{}", nobody.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_to_a_file() {
    let scene = Scene::new().await;
    let file = scene.folder.path().join("now.jpg");
    assert_eq!(scene.told(&["snapshot", file.to_str().unwrap()]).await, "");
    let picture = Picture::of_jpeg(&fs::read(file).unwrap()).await;
    assert!(picture.number().is_some(), "it is of the test picture");
    let refused = scene.ctl(&["snapshot", "-", "--source", "sound"]).await;
    assert_eq!((refused.status.code(), refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("source sound has sound and no pictures"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_over_tcp_with_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    // As `echo "... " >` would write it.
    fs::write(&token, "s3cret-of-sixteen \n").unwrap();
    let token = token.to_str().unwrap();
    let daemon = Daemon::gateway(&["--control-token-file", token]).await;
    let url = daemon.http("");
    let refused = ctl(&["state", "--url", &url]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stderr.contains("expected the gateway's control token"), "{}", refused.stderr);
    let told = ctl(&["--url", &url, "--token-file", token, "state"]).await;
    assert!(told.status.success() && told.stdout.contains("gateway"), "{}", told.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_over_tls_who_is_trusted() {
    let home = tempfile::tempdir().unwrap();
    // For this address its certificate is not: it is known by its key.
    let mut run = command(&["run", "--listen", "127.0.0.2:0", "--stun", "none", "--certificate", "self-signed"]);
    run.args(["--video", "none", "--audio", "none", "--id", "door"]).env("XDG_STATE_HOME", home.path());
    let daemon = Daemon::start(run).await;
    let shown = daemon.wait_for_log("the certificate that is shown", LIMIT).await;
    let url = format!("https://{}", daemon.address());
    let own = home.path().join("peergate/certificate.pem");
    let told = ctl(&["state", "--url", &url, "--ca", own.to_str().unwrap()]).await;
    assert!(told.status.success() && told.stdout.contains("door"), "{}", told.stderr);

    let ca = PrivateCa::new();
    let other = ca.file();
    let refused = ctl(&["state", "--url", &url, "--ca", other.to_str().unwrap()]).await;
    assert_eq!((refused.status.code(), refused.stdout.as_str()), (Some(1), ""));
    let (said, fingerprint) = refused.stderr.trim().rsplit_once("sha-256 ").unwrap();
    assert!(said.contains("signed by a CA that is not trusted here") && said.contains("--ca FILE"), "{said}");
    assert!(shown.contains(fingerprint), "{shown}\n{fingerprint}");
    let in_plain = ctl(&["state", "--url", &daemon.http("")]).await;
    assert!(in_plain.stderr.contains("TLS is spoken here; ask for https://"), "{}", in_plain.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_does_not_go_over_the_network_in_plain() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "s3cret").unwrap();
    let host = Host::new();
    let gateway = DistantGateway::start(&host, &["--video", "none", "--audio", "none"]).await;
    let refused = ctl(&["state", "--url", &gateway.daemon.http(""), "--token-file", token.to_str().unwrap()]).await;
    assert_eq!(refused.status.code(), Some(64));
    assert!(refused.stderr.contains("for all to read: ask over https://"), "{}", refused.stderr);
}

#[tokio::test]
async fn what_keeps_it_from_asking_is_said_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let dead = folder.path().join("dead");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    for (asked, code, said) in [
        (&["state", "--socket", nowhere.to_str().unwrap()][..], 1, "no daemon is controlled through"),
        (&["state", "--socket", dead.to_str().unwrap()], 1, "nobody listens at"),
        (&["state", "--url", "http://127.0.0.1:1"], 1, "no connection to 127.0.0.1:1: "),
        (&["state"], 64, "the socket is \"none\" (--socket, PEERGATE_SOCKET)"),
        (&["state", "--url", "https://127.0.0.1:1", "--ca", "/nowhere"], 64, "/nowhere can't be read"),
        (&["state", "--url", "http://127.0.0.1:1", "--ca", "/nowhere"], 64, "--ca is of use with --url https://"),
        (&["state", "--url", "http://127.0.0.1:1", "--token-file", "/nowhere"], 64, "--token-file /nowhere: "),
        (&["record", "start", "--before", "61"], 64, "0..=60"),
        (&[], 64, "Usage"),
    ] {
        let ended = ctl(asked).await;
        assert_eq!(ended.status.code(), Some(code), "{asked:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said) && ended.stdout.is_empty(), "{asked:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_daemon_of_this_user_is_found_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let mut run = command(&["run", "--listen", "127.0.0.1:0", "--stun", "none", "--id", "door", "--video", "none"]);
    run.env_remove("PEERGATE_SOCKET").env("XDG_RUNTIME_DIR", home.path());
    let _daemon = Daemon::start(run).await;
    let mut ask = command(&["ctl", "state"]);
    ask.env_remove("PEERGATE_SOCKET").env("XDG_RUNTIME_DIR", home.path());
    let told = tokio::task::spawn_blocking(|| run_to_end(ask)).await.unwrap();
    assert!(told.status.success() && told.stdout.contains("door"), "{}", told.stderr);
}

#[tokio::test]
async fn the_service_is_found_behind_the_socket_of_a_daemon_that_was_killed() {
    let home = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(home.path().join("peergate.sock")).unwrap());
    // The test's own `/run`.
    fs::create_dir("/run/peergate").unwrap();
    let run = ["run", "--listen", "127.0.0.1:0", "--stun", "none", "--id", "door", "--video", "none"];
    let _service = Daemon::start(command(&[&run[..], &["--socket", "/run/peergate/peergate.sock"]].concat())).await;
    let mut ask = command(&["ctl", "state"]);
    ask.env_remove("PEERGATE_SOCKET").env_remove("RUNTIME_DIRECTORY").env("XDG_RUNTIME_DIR", home.path());
    let told = tokio::task::spawn_blocking(|| run_to_end(ask)).await.unwrap();
    assert!(told.status.success() && told.stdout.contains("door"), "{}", told.stderr);
}
