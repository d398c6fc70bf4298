//! Asked to stop, the daemon says goodbye to its peers and is gone within 2 s, with exit code 0.

use std::time::{Duration, Instant};

use super::common::{
    daemon::Daemon,
    str0m_peer::{Options, State, Viewer},
};

const PATIENCE: Duration = Duration::from_secs(10);

async fn ends_in_time(mut daemon: Daemon, signals: &[&str]) {
    let asked = Instant::now();
    for signal in signals {
        daemon.signal(signal);
    }
    let status = daemon.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "log:\n{}", daemon.log());
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}, log:\n{}", asked.elapsed(), daemon.log());
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
