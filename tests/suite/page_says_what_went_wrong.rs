//! What goes wrong is on the page, in words that help.

use crate::common::{
    browser::{Browser, Camera, Options},
    page::Page,
    page_server::PageServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_camera() {
    let server = PageServer::start().await;
    for options in [Options::chromium(), Options::firefox()] {
        let browser = Browser::start(Options { camera: Camera::Denied, ..options }).await;
        let page = Page::open(browser, &server.page("")).await;
        page.browser.click("[data-choice=camera]").await;
        page.says("was not allowed to use camera and microphone").await;
        let still = "document.querySelector('[data-choice=receive]').ariaPressed === 'true'";
        page.browser.until("it goes on receiving", still, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_may_have_no_camera() {
    let server = PageServer::start().await;
    let page = Page::start(Options::chromium(), &server.page_from_afar("")).await;
    page.browser.click("[data-choice=camera]").await;
    page.says("only to pages of a secure origin").await;
    page.browser.click("#notices button").await;
    page.browser.until("the notice is gone", "!document.querySelector('#notices p')", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_can_not_be() {
    let server = PageServer::start().await;
    let browser = Browser::start(Options::chromium()).await;
    browser.open(&server.page("100%")).await;
    browser.until("the room is named", "document.querySelector('#room-name').innerText === '100%'", &[]).await;
    Page { browser }.says("The relay can't be reached").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_and_comes_back() {
    let mut server = PageServer::start().await;
    let page = Page::start(Options::chromium(), &server.page("")).await;
    server.go_away().await;
    page.says("The relay can't be reached. Trying again in").await;
    server.come_back().await;
    page.says("In the room").await;
}
