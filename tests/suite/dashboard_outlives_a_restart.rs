//! A daemon that goes away is missed, and what was shown stays; one that comes back is followed again, without a person's doing.

use crate::common::{
    browser::{Browser, Options},
    daemon::{Daemon, command},
    dashboard::Dashboard,
    str0m_peer::{Options as ViewerOptions, Viewer},
};

async fn gateway(listen: &str, id: &'static str) -> Daemon {
    let arguments = ["run", "--listen", listen, "--id", id, "--stun", "none", "--size", "320x180", "--bitrate", "500k"];
    Daemon::start(command(&arguments)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_the_next() {
    let first = gateway("127.0.0.1:0", "first").await;
    let address = first.address().to_string();
    let dashboard = Dashboard::open(Browser::start(Options::chromium()).await, &first.http("/dashboard")).await;
    dashboard.says("#members", "first").await;
    drop(first);
    dashboard.says("#gateway", "The gateway does not answer. Trying again").await;
    dashboard.says("#events", "The gateway does not tell any more.").await;
    dashboard.says("#members", "first").await;

    let second = gateway(&address, "second").await;
    dashboard.is_there().await;
    dashboard.says("#members", "second").await;
    dashboard.says("#events", "The gateway is back.").await;
    let _viewer = Viewer::join(&second.ws("/signal"), ViewerOptions::new("viewer").meeting("second")).await;
    dashboard.says("#events", "viewer is connected.").await;
    dashboard.says("#peers", "viewer").await;
}
