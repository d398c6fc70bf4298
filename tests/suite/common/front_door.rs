//! A person at a browser, and the gateway `front-door` that is looked at.

use super::{browser::Options, daemon::Daemon, page::Page};

/// The daemon, and the page in a browser that shows its picture.
pub(crate) async fn front_door(options: Options) -> (Daemon, Page) {
    let daemon = Daemon::run(&["--stun", "none", "--id", "front-door", "--size", "640x360"]).await;
    let page = Page::start(options, &daemon.http("/")).await;
    assert_eq!(page.one_peer().await, "front-door");
    page.picture().await;
    (daemon, page)
}
