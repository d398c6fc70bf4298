//! Asked to stop, the daemon is gone within 2 s, with exit code 0.

use std::time::{Duration, Instant};

use super::common::daemon::Daemon;

async fn ends_in_time(signal: &str) {
    let mut daemon = Daemon::run(&[]).await;
    let asked = Instant::now();
    daemon.signal(signal);
    let status = daemon.ended(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "log:\n{}", daemon.log());
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
}

#[tokio::test]
async fn on_sigterm() {
    ends_in_time("TERM").await;
}

#[tokio::test]
async fn on_sigint() {
    ends_in_time("INT").await;
}
