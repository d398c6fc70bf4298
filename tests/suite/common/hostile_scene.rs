//! A daemon that somebody does something to, while somebody else looks on.

use std::time::Duration;

use super::{
    daemon::{Daemon, GATEWAY, is_connected},
    logs,
    metrics::Metrics,
    str0m_peer::{Options, Viewer},
};

const SOON: Duration = Duration::from_secs(20);

/// A daemon with somebody who watches.
pub(crate) struct Scene {
    pub(crate) gateway: Daemon,
    pub(crate) watcher: Viewer,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::set_for(Options::new("watcher").meeting(GATEWAY)).await
    }

    /// The same, with another kind of watcher.
    pub(crate) async fn set_for(watcher: Options) -> Self {
        logs::show();
        let gateway = Daemon::gateway(&[]).await;
        let watcher = Viewer::join(&gateway.ws("/signal"), watcher).await;
        watcher.video(10).await;
        Self { gateway, watcher }
    }

    /// Waits until the connection to `who` has ended, because it took too much of what there is a `limit` to.
    pub(crate) async fn dropped(&self, who: &str, limit: &str) {
        self.gateway.wait_for_log(&format!("gone peer={who} why=\"the peer misbehaved"), SOON).await;
        self.gateway.gone(who, SOON).await;
        self.ignored(who, limit).await;
    }

    /// Waits until `who` is ignored, and only `who`: the log says it in one line, and the metrics count it.
    pub(crate) async fn ignored(&self, who: &str, limit: &str) {
        self.gateway.wait_for_log(&format!("ignored for a while peer={who} "), SOON).await;
        self.gateway.wait_for_state(SOON, |state| state["members"][0]["penalties"] == 1).await;
        let lines = self.gateway.log().lines().filter(|line| line.contains("ignored for a while")).count();
        assert_eq!(lines, 1, "{}", self.gateway.log());
        let metrics = Metrics::scrape(&self.gateway).await;
        assert_eq!(metrics.value("peergate_penalties_total", &[("member", GATEWAY)]), 1.0);
        assert!(metrics.value("peergate_limit_reached_total", &[("member", GATEWAY), ("limit", limit)]) >= 1.0);
    }

    /// The watcher has missed nothing, and what comes next is whole too.
    pub(crate) async fn unharmed(&self) {
        let frames = self.watcher.video(1).await.frames;
        let video = self.watcher.video(frames + 30).await;
        assert_eq!(video.gaps, 0, "the watcher's picture had holes: {video:?}");
        let view = self.watcher.view();
        let connections = view.connections.iter().filter(|one| one.peer == GATEWAY).count();
        assert_eq!(connections, 1, "the watcher had to connect again");
        drop(view);
        self.gateway.peer("watcher", is_connected).await;
    }
}
