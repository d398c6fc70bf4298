//! Pages of the project meet each other and pages of the library's dialect, without a gateway.

use std::time::Duration;

use crate::common::{
    browser::{Browser, Options},
    dialect::{DialectPage, Stream},
    page::{Choice, Page},
    page_server::PageServer,
};

async fn chromium_and_firefox() -> (Browser, Browser) {
    tokio::join!(Browser::start(Options::chromium()), Browser::start(Options::firefox()))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_see_each_other_and_talk() {
    let server = PageServer::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let here = Page::open(chromium, &server.page("yard")).await;
    let there = Page::open(firefox, &server.page("yard")).await;
    here.one_peer().await;

    here.choose(Choice::Camera).await;
    there.picture().await;
    there.choose(Choice::Camera).await;
    tokio::join!(here.picture(), there.picture());

    let sender = here.one_peer().await;
    there.say("grüezi").await;
    let name = here.heard("grüezi").await;
    assert!(sender.starts_with(name.trim_end_matches('…')), "{sender} is shown as {name}");

    there.choose(Choice::Receive).await;
    here.says("Receives only").await;
    there.picture().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_seen_by_pages_of_the_dialect_that_have_no_camera() {
    let server = PageServer::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let page = Page::open(chromium, &server.page("yard")).await;
    page.choose(Choice::Camera).await;

    let joiner = DialectPage::enter(firefox, &server.room("yard"), "joiner", Stream::None).await;
    let own = page_id(&joiner).await;
    joiner.picture(&own).await;
    joiner.say(&own, "I see you").await;
    page.heard("I see you").await;
    page.say("Welcome").await;
    joiner.heard("Welcome").await;
    joiner.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_later_sees_pages_of_the_dialect() {
    let server = PageServer::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let present = DialectPage::enter(chromium, &server.room("yard"), "present", Stream::Camera).await;
    let page = Page::open(firefox, &server.page("yard")).await;
    assert_eq!(page.one_peer().await, "present");
    page.picture().await;
    page.say("hello").await;
    present.heard("hello").await;
    present.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_page_is_missed_at_once_and_a_killed_one_soon() {
    let server = PageServer::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let page = Page::open(chromium, &server.page("yard")).await;

    let other = Page::open(firefox, &server.page("yard")).await;
    page.one_peer().await;
    other.browser.close_page().await;
    page.nobody(Duration::from_secs(5)).await;
    page.says("left").await;

    let other = Page::start(Options::firefox(), &server.page("yard")).await;
    page.one_peer().await;
    other.browser.kill();
    page.says_within(Duration::from_secs(20), "Connection lost").await;
    page.nobody(Duration::from_secs(40)).await;
    page.says("is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connected_pages_stay_while_the_relay_is_away_and_newcomers_are_met_when_it_is_back() {
    let mut server = PageServer::start().await;
    let (chromium, firefox) = chromium_and_firefox().await;
    let here = Page::open(chromium, &server.page("yard")).await;
    let there = Page::open(firefox, &server.page("yard")).await;
    let met = here.one_peer().await;
    there.one_peer().await;

    server.go_away().await;
    here.says("The relay can't be reached").await;
    here.say("still here").await;
    there.heard("still here").await;

    server.come_back().await;
    tokio::join!(here.says("In the room"), there.says("In the room"));
    assert_eq!(here.one_peer().await, met);
    let third = DialectPage::enter(Browser::start(Options::chromium()).await, &server.room("yard"), "third", Stream::None).await;
    here.browser.until("two peers", "document.querySelectorAll('.tile[data-state=connected]').length === 2", &[]).await;
    there.browser.until("two peers", "document.querySelectorAll('.tile[data-state=connected]').length === 2", &[]).await;
    third.assert_no_errors().await;
}

/// The id of the one peer that a page of the dialect knows.
async fn page_id(dialect: &DialectPage) -> String {
    let id = dialect.browser.until("a peer", "[...window.connections.keys()][0]", &[]).await;
    id.as_str().unwrap().to_owned()
}
