//! The state says how long a source's frames take from their capture until its peers have them.

use std::time::Duration;

use peergate::{codec::Codec, report::CaptureToWire, studio::StudioState};

use crate::common::{
    daemon::{Daemon, GATEWAY},
    str0m_peer::{Options, Viewer},
    studio::{Taker, lease, studio, test_sources},
};

fn shown(state: &StudioState, source: &str) -> Option<CaptureToWire> {
    state.sources.iter().find(|one| one.name.as_str() == source).unwrap().capture_to_wire
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_source_that_somebody_takes() {
    let gateway = Daemon::gateway(&[]).await;
    assert!(gateway.state().await["sources"][0]["capture_to_wire"].is_null(), "nobody takes it");
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").meeting(GATEWAY)).await;
    tokio::join!(viewer.video(60), viewer.audio(100));
    let limit = Duration::from_secs(10);
    let state = gateway
        .wait_for_state(limit, |state| {
            state["sources"].as_array().unwrap().iter().all(|source| source["capture_to_wire"].is_object())
        })
        .await;
    for source in state["sources"].as_array().unwrap() {
        let ms = |key: &str| source["capture_to_wire"][key].as_f64().unwrap();
        let (p50, p95) = (ms("p50_ms"), ms("p95_ms"));
        // A packet of sound holds 20 ms, and its capture is that of its beginning.
        assert!(p50 > 0.0 && p50 <= p95 && p50 < 100.0, "{source:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_what_its_takers_take() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    // Less than what makes a taker a slow one.
    let slow = Duration::from_millis(20);
    let taker = Taker::new(&lease.feed, move || std::thread::park_timeout(slow));
    for _ in 0..30 {
        taker.next().await;
    }
    let mut state = studio.state();
    let measured = state.wait_for(|state| shown(state, "picture").is_some()).await.unwrap();
    let measured = shown(&measured, "picture").unwrap();
    assert!(measured.p50_ms >= 20.0, "{measured:?}");
    assert_eq!(shown(&studio.state().borrow(), "tone"), None, "nobody takes that");
    studio.stop().await;
}
