//! What the daemon says of itself.

use std::time::Duration;

use serde_json::Value;

use crate::daemon::Daemon;

/// How often its state is asked for while something is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// How long its frames take from capture to wire: 95 of 100 at most, in ms, the slower of picture and sound.
pub(crate) async fn capture_to_wire(daemon: &Daemon) -> f64 {
    let state = daemon.state().await;
    let sources = state["sources"].as_array().expect("it has sources").iter();
    let times = sources.filter_map(|source| source["capture_to_wire"]["p95_ms"].as_f64());
    times.reduce(f64::max).expect("its frames are timed")
}

/// Waits until it neither captures nor encodes anything.
pub(crate) async fn idle(daemon: &Daemon) {
    let is_idle = |state: &Value| {
        let all = ["sources", "encoders"].into_iter().filter_map(|list| state[list].as_array()).flatten();
        all.into_iter().all(|one| one["condition"]["state"] == "idle")
    };
    while !is_idle(&daemon.state().await) {
        tokio::time::sleep(LOOK).await;
    }
}
