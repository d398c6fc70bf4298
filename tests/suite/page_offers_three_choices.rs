//! What a page can send is chosen with three buttons, of which one is on.

use serde_json::json;

use crate::common::{
    browser::Options,
    page::{Choice, Page},
    page_server::PageServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_is_on() {
    let server = PageServer::start().await;
    for options in [Options::chromium(), Options::firefox()] {
        let page = Page::start(options, &server.page("yard")).await;
        let words = "[...document.querySelectorAll('#choices button')].map((button) => button.innerText.trim())";
        let words = page.browser.value(words, &[]).await;
        assert_eq!(words, json!(["Camera and microphone", "Screen", "Receive only"]));
        let on = "[...document.querySelectorAll('#choices [aria-pressed=true]')].map((button) => button.dataset.choice)";
        assert_eq!(page.browser.value(on, &[]).await, json!(["receive"]));
        page.choose(Choice::Camera).await;
        assert_eq!(page.browser.value(on, &[]).await, json!(["camera"]));
        page.browser.until("it shows what it sends", "looking.plays(document.querySelector('#self-video'))", &[]).await;
        page.choose(Choice::Receive).await;
        assert_eq!(page.browser.value(on, &[]).await, json!(["receive"]));
        page.browser.until("it shows nothing of its own", "document.querySelector('#self').hidden", &[]).await;
    }
}
