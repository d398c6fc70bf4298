//! `GET /metrics` is what Prometheus reads, and says what happens.

use std::time::Duration;

use peergate::codec::Codec;
use reqwest::StatusCode;

use crate::common::{
    camera::Camera,
    daemon::{Daemon, GATEWAY},
    flash_and_beep::FlashAndBeep,
    metrics::Metrics,
    recordings::Recordings,
    str0m_peer::{Options, Viewer},
};

/// How long the state may take to say what is so.
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn and_they_say_what_happens() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), "").await;
    gateway.wait_for_state(LIMIT, |state| state["sources"][1].is_object() && state["disk"].is_object()).await;
    let nobody = Metrics::scrape(&gateway).await;
    assert_eq!(nobody.value("peergate_peers", &[("member", GATEWAY), ("connection", "connected")]), 0.0);
    assert_eq!(nobody.value("peergate_source_running", &[("kind", "video")]), 0.0);
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").meeting(GATEWAY)).await;
    viewer.video(30).await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    gateway.wait_for_state(LIMIT, |state| state["recordings"][0]["bytes"].as_u64() > Some(0)).await;

    let metrics = Metrics::scrape(&gateway).await;
    assert_eq!(metrics.value("peergate_relay_connected", &[("member", GATEWAY)]), 1.0);
    assert_eq!(metrics.value("peergate_peers", &[("member", GATEWAY), ("connection", "connected")]), 2.0);
    assert_eq!(metrics.value("peergate_source_running", &[("kind", "video")]), 1.0);
    assert!(metrics.value("peergate_source_frames_total", &[("kind", "video")]) >= 30.0);
    let encoder = [("codec", "h264"), ("rung", "0")];
    assert!(metrics.value("peergate_encoder_frames_total", &encoder) >= 30.0);
    assert!(metrics.value("peergate_encoder_takers", &encoder) >= 1.0);
    assert!(metrics.value("peergate_encoder_encoded_bytes_total", &encoder) > 10_000.0);
    assert_eq!(metrics.value("peergate_recordings", &[("member", GATEWAY), ("state", "recording")]), 1.0);
    assert_eq!(metrics.value("peergate_recording_disk_failed", &[]), 0.0);
    assert!(metrics.value("peergate_recording_disk_free_bytes", &[]) > 0.0);
    camera.leave(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_nobody_asks_without_it() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "a-long-enough-secret-token").unwrap();
    let gateway = Daemon::gateway(&["--control-token-file", token.path().to_str().unwrap()]).await;
    let ask = |token: Option<&str>| {
        let request = reqwest::Client::new().get(gateway.http("/metrics"));
        token.into_iter().fold(request, |request, token| request.bearer_auth(token)).send()
    };
    assert_eq!(ask(None).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Some("a-long-enough-secret-token")).await.unwrap().status(), StatusCode::OK);
}
