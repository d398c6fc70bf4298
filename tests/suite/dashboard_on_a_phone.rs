//! The dashboard on a telephone: nothing to push sideways, all buttons in reach of a finger.

use serde_json::json;

use crate::common::{
    browser::{Browser, Options, Window},
    daemon::{Daemon, GATEWAY},
    dashboard::Dashboard,
    recordings::Recordings,
    str0m_peer::{Options as ViewerOptions, Viewer},
};

/// What can be pressed that is less than 34 pixels high or lies outside, by its words. 24 is the least that people hit (WCAG
/// 2.2, 2.5.8).
const OUT_OF_REACH: &str = "[...document.querySelectorAll('main button, main input')].filter((one) => one.checkVisibility())\
                            .filter((one) => ((box) => box.height < 34 || box.left < 0 || box.right > innerWidth)\
                            (one.getBoundingClientRect())).map((one) => one.outerHTML)";

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_reach() {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("all", recordings.dir(), "").await;
    let _viewer = Viewer::join(&gateway.ws("/signal"), ViewerOptions::new("an-id-of-forty-letters-without-a-space-aa").meeting(GATEWAY)).await;
    let phone = Browser::start(Options { window: Window::Telephone, ..Options::chromium() }).await;
    let dashboard = Dashboard::open(phone, &gateway.http("/dashboard")).await;
    dashboard.says("#peers", "Connected since").await;
    dashboard.says("#running", "ourselves").await;
    dashboard.says("#kept", "ourselves").await;
    let width = "[document.documentElement.scrollWidth, innerWidth]";
    assert_eq!(dashboard.browser.value(width, &[]).await, json!([360, 360]));
    let cards = "[...document.querySelectorAll('main li, main .charts svg')].filter((one) => one.clientWidth < 280).length";
    assert_eq!(dashboard.browser.value(cards, &[]).await, json!(0), "all are as wide as there is room for");
    assert_eq!(dashboard.browser.value(OUT_OF_REACH, &[]).await, json!([]));
}
