//! Pages that speak the library's dialect meet each other, so that what a later test says of the gateway is not a
//! fault of theirs.

use crate::common::{
    browser::{Browser, Options},
    dialect::{DialectPage, Stream},
    plain_relay::PlainRelay,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_of_the_dialect_see_each_other() {
    let relay = PlainRelay::start().await;
    let (chromium, firefox) = tokio::join!(Browser::start(Options::chromium()), Browser::start(Options::firefox()));
    let present = DialectPage::enter(chromium, relay.url(), "present", Stream::Camera).await;
    let joiner = DialectPage::enter(firefox, relay.url(), "joiner", Stream::Camera).await;
    tokio::join!(present.connected("joiner"), joiner.connected("present"));
    tokio::join!(present.picture("joiner"), joiner.picture("present"));
    joiner.say("present", "grüezi").await;
    present.heard("grüezi").await;
    present.assert_no_errors().await;
    joiner.assert_no_errors().await;
}
