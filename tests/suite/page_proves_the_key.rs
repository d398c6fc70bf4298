//! Where a room has a key, the page asks for it, proves it, and shows who has proved it, too.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    daemon::{Daemon, GATEWAY},
    dialect::{DialectPage, Stream},
    page::Page,
    page_server::PageServer,
};

const KEY: &str = "VGhpcyBpcyBub3QgYSBwYXNzd29yZA==";

/// A daemon in this room that wants to see the key, and the file with it.
async fn gateway(room: &str) -> (Daemon, tempfile::NamedTempFile) {
    let mut key = tempfile::NamedTempFile::new().unwrap();
    writeln!(key, "{KEY}").unwrap();
    let path = key.path().display();
    let member = format!("[[member]]\nroom = \"{room}\"\ntrust = {{ key_file = \"{path}\", room = \"yard\" }}\n");
    (Daemon::configured(&member).await, key)
}

async fn takes_the_right_key_after_a_wrong_one(options: Options) {
    let (gateway, _key) = gateway("embedded").await;
    let page = Page::start(options, &gateway.http("/")).await;
    page.says(&format!("{GATEWAY} asks for the key of the room yard.")).await;
    page.give_key("another key of some length").await;
    page.says(&format!("{GATEWAY} did not take that key.")).await;
    page.nobody(PATIENCE).await;
    page.give_key(KEY).await;
    page.says("Key of yard proved").await;
    assert_eq!(page.one_peer().await, GATEWAY);
    page.picture().await;

    page.browser.reload().await;
    page.says("Key of yard proved").await;
    page.picture().await;
    assert_eq!(page.browser.value("document.querySelector('#key').hidden", &[]).await, true);
    assert!(!gateway.log().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_takes_the_right_key_after_a_wrong_one() {
    takes_the_right_key_after_a_wrong_one(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_takes_the_right_key_after_a_wrong_one() {
    takes_the_right_key_after_a_wrong_one(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn or_says_that_it_cannot_where_its_origin_is_not_secure() {
    let server = PageServer::start().await;
    let (_gateway, _key) = gateway(&server.room("yard")).await;
    let page = Page::start(Options::chromium(), &server.page_from_afar("yard")).await;
    page.says(&format!("{GATEWAY} asks for the room's key. This browser computes proofs only on pages of a secure origin.")).await;
    page.nobody(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_shows_nothing_of_who_asks_and_has_no_key() {
    let server = PageServer::start().await;
    let (chromium, firefox) = tokio::join!(Browser::start(Options::chromium()), Browser::start(Options::firefox()));
    let page = Page::open(chromium, &server.page("yard")).await;
    let impostor = DialectPage::enter(firefox, &server.room("yard"), "impostor", Stream::Camera).await;
    page.picture().await;
    let own = impostor.browser.value("[...window.connections.keys()][0]", &[]).await;
    let asks = json!({ "trust": { "nonce": STANDARD.encode([1; 32]), "room": "yard" } }).to_string();
    impostor.say(own.as_str().unwrap(), &asks).await;
    page.says("impostor asks for the key of the room yard.").await;
    page.nobody(PATIENCE).await;
    let has_gone = "window.connections.get(arguments[0]).channel.readyState === 'closed'";
    impostor.browser.until("the page goes until it has a key", has_gone, std::slice::from_ref(&own)).await;

    page.give_key(KEY).await;
    impostor.say(own.as_str().unwrap(), &asks).await;
    let proof = "window.seen.messages.some((message) => message.includes('proof'))";
    impostor.browser.until("a proof", proof, &[]).await;
    let guess = json!({ "trust": { "proof": STANDARD.encode([7; 32]) } }).to_string();
    impostor.say(own.as_str().unwrap(), &guess).await;
    page.says("impostor asked for the room's key, and did not prove that it has it.").await;
    page.nobody(PATIENCE).await;
}
