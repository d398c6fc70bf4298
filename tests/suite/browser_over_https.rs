//! Over https, with a certificate of the gateway's own making, a page of another machine may have the camera, which browsers
//! give to none that comes in plain. It joins over wss, sees the gateway, and is seen.

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    dashboard::{Dashboard, TOKEN},
    distant::DistantGateway,
    netns::Host,
    page::{Choice, Page},
    peers_in_state::received,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_machine_sees_the_gateway_and_is_seen() {
    let host = Host::new();
    let arguments = ["--certificate", "self-signed", "--id", "front-door", "--size", "320x180", "--bitrate", "500k"];
    let gateway = DistantGateway::start(&host, &arguments).await;
    let browser = Browser::start(Options::chromium()).await;
    let page = Page::open(browser, &format!("https://{}/", gateway.daemon.address())).await;
    assert_eq!(page.browser.value("isSecureContext", &[]).await, true);
    assert_eq!(page.one_peer().await, "front-door");
    page.picture().await;
    page.choose(Choice::Camera).await;
    gateway.until("pictures of the page", PATIENCE, |state| received(state, "video") > 30).await;

    let browser = page.browser;
    browser.open(&format!("https://{}/dashboard", gateway.daemon.address())).await;
    let dashboard = Dashboard { browser };
    dashboard.give(TOKEN).await;
    dashboard.says("#members", "front-door").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_plain_the_dashboard_says_what_is_missing() {
    let host = Host::new();
    let gateway = DistantGateway::start(&host, &["--video", "none", "--audio", "none"]).await;
    let browser = Browser::start(Options::chromium()).await;
    browser.open(&gateway.daemon.http("/dashboard")).await;
    Dashboard { browser }.says("#gateway-words", "over TLS alone").await;
}
