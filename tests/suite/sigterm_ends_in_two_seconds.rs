//! Asked to stop, the daemon says goodbye to its peers and is gone within 2 s, with exit code 0.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::common::{
    daemon::{self, Daemon},
    film,
    socket::Socket,
    str0m_peer::{Options, State, Viewer},
};

const PATIENCE: Duration = Duration::from_secs(10);

async fn ends_in_time(mut daemon: Daemon, signals: &[&str]) -> Daemon {
    let asked = Instant::now();
    for signal in signals {
        daemon.signal(signal);
    }
    let status = daemon.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "log:\n{}", daemon.log());
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}, log:\n{}", asked.elapsed(), daemon.log());
    daemon
}

#[tokio::test]
async fn on_sigterm() {
    ends_in_time(Daemon::run(&[]).await, &["TERM"]).await;
}

#[tokio::test]
async fn on_sigint() {
    ends_in_time(Daemon::run(&[]).await, &["INT"]).await;
}

#[tokio::test]
async fn with_peers_that_are_told() {
    let daemon = Daemon::run(&["--stun", "none"]).await;
    let viewers = [
        Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await,
        Viewer::join(&daemon.ws("/signal"), Options::new("bob")).await,
    ];
    for viewer in &viewers {
        viewer.video(10).await;
    }
    ends_in_time(daemon, &["TERM"]).await;
    for viewer in &viewers {
        viewer
            .until("the goodbye", Duration::from_secs(2), |view| {
                view.connections.iter().any(|one| one.state == State::Closed).then_some(())
            })
            .await;
    }
}

#[tokio::test]
async fn with_peers_and_a_second_signal() {
    let daemon = Daemon::run(&["--stun", "none"]).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    viewer.video(10).await;
    ends_in_time(daemon, &["TERM", "INT"]).await;
}

#[tokio::test]
async fn with_a_source_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, _film) = film::that_hangs(folder.path());
    let daemon = Daemon::gateway(&["--video", &format!("file:{}", pipe.display())]).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    viewer.video(10).await;
    let frames = Cell::new((0, Instant::now()));
    let film_is_over = |state: &Value| {
        let now = state["sources"][0]["frames"].as_u64().unwrap();
        let (before, since) = frames.get();
        frames.set((now, if now == before { since } else { Instant::now() }));
        now > 0 && now == before && since.elapsed() > Duration::from_secs(1)
    };
    daemon.wait_for_state(PATIENCE, film_is_over).await;
    let mut other_room = Socket::open(&daemon.ws("/signal/other")).await;
    ends_in_time(daemon, &["TERM"]).await.wait_for_log("all is closed", PATIENCE).await;
    assert_eq!(other_room.closed().await, (1001, "the relay stops".to_owned()));
}

#[tokio::test]
async fn while_an_encoder_is_tried_that_hangs() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let template = "identity name=in sleep-time=60000000 ! openh264enc name=encoder bitrate={bitrate} ! appsink name=out";
    std::fs::write(folder.path().join("hangs.launch"), template).unwrap();
    let device = "[[encoder]]\ncodec = \"h264\"\nelement = \"openh264enc\"\ntemplate = \"hangs\"\npackage = \"none\"\n\
                  bitrate = { property = \"bitrate\", unit = \"bit/s\" }\n\
                  hardware = { devices = [\"/dev/null\"], group = \"video\" }\n";
    std::fs::write(folder.path().join("encoders.toml"), device).unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[encode]\ncatalogue = \"encoders.toml\"\n").unwrap();
    let arguments = ["run", "--listen", "127.0.0.1:0", "--stun", "none", "--log", "peergate=debug", "--config"];
    let mut command = daemon::command(&[&arguments[..], &[config.to_str().unwrap()]].concat());
    command.env("XDG_CACHE_HOME", cache.path()).env_remove("CACHE_DIRECTORY");
    let daemon = Daemon::start(command).await;
    daemon.wait_for_log("an encoder is tried element=\"openh264enc\"", PATIENCE).await;
    ends_in_time(daemon, &["TERM"]).await.wait_for_log("all is closed", PATIENCE).await;
    assert_eq!(std::fs::read_to_string(cache.path().join("peergate/encoders.json")).unwrap(), "{}");
}
