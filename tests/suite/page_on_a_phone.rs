//! The page on a telephone: all in reach, nothing to push sideways.

use crate::common::{
    browser::{Browser, Options, Window},
    dialect::{DialectPage, Stream},
    page::{Choice, Page},
    page_server::PageServer,
};

/// Whether an element's box lies within the window, and where it is if not.
const LIES_WITHIN: &str = "((box) => (box.width > 20 && box.height > 20 && box.left >= 0 && box.right <= innerWidth + 1 \
                           && box.top >= 0 && box.bottom <= innerHeight + 1) || JSON.stringify([box, innerWidth, innerHeight]))\
                           (document.querySelector(arguments[0]).getBoundingClientRect())";

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_reach() {
    let server = PageServer::start().await;
    let desktop = Browser::start(Options::chromium()).await;
    let phone = Browser::start(Options { window: Window::Telephone, ..Options::chromium() }).await;
    let page = Page::open(phone, &server.page("yard")).await;
    page.choose(Choice::Camera).await;
    let _present = DialectPage::enter(desktop, &server.room("yard"), "present", Stream::Camera).await;
    page.picture().await;

    // Two lines of words at most, none of them broken.
    let heights = "[...document.querySelectorAll('#choices button')].every((button) => \
                   button.offsetHeight <= 48 && button.scrollWidth <= button.clientWidth)";
    assert_eq!(page.browser.value(heights, &[]).await, true);
    let width = page.browser.value("[document.documentElement.scrollWidth, innerWidth]", &[]).await;
    assert_eq!(width, serde_json::json!([360, 360]));
    for selector in ["#choices", ".tile video", "[data-part=sound]", "[data-part=full]", "#self", "#text", "#write button"] {
        let within = page.browser.value(LIES_WITHIN, &[selector.into()]).await;
        assert_eq!(within, true, "{selector}");
    }
    page.browser.click(".tile [data-part=sound]").await;
    page.browser.until("sound is on", "!document.querySelector('.tile video').muted", &[]).await;
}
