//! Waiting for a state that nobody announces.

use std::time::Duration;

/// Looks each 20 ms whether `is_so`, and panics with `what` after `limit`.
pub(crate) async fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let look = async {
        let mut turns = tokio::time::interval(Duration::from_millis(20));
        while !is_so() {
            turns.tick().await;
        }
    };
    assert!(tokio::time::timeout(limit, look).await.is_ok(), "not within {limit:?}: {what}");
}
