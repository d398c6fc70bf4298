//! Messages between the page and programs beside the gateway.

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    daemon::Daemon,
    follower::Follower,
    page::Page,
    peers_in_state::open_channels,
};

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways() {
    let daemon = Daemon::run(&["--stun", "none", "--id", "front-door", "--size", "320x240", "--fps", "10"]).await;
    let mut events = Follower::of(daemon.address()).await;
    let (chromium, firefox) = tokio::join!(Browser::start(Options::chromium()), Browser::start(Options::firefox()));
    let pages = [Page::open(chromium, &daemon.http("/")).await, Page::open(firefox, &daemon.http("/")).await];
    daemon.wait_for_state(PATIENCE, |state| open_channels(state) == 2).await;

    let post = reqwest::Client::new().post(daemon.http("/api/messages")).json(&json!({ "text": "grüezi" }));
    let answer: Value = post.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "peers": 2 }));
    for page in &pages {
        assert_eq!(page.heard("grüezi").await, "front-door");
    }

    for words in ["first: é ✓", "second: é ✓"] {
        let page = if words.starts_with("first") { &pages[0] } else { &pages[1] };
        page.say(words).await;
        let event = timeout(PATIENCE, events.until("message")).await.expect("the message is told");
        assert_eq!(event["text"], words);
    }

    // The first of two peers takes nothing, which is not the other's affair.
    let refuse_once = "(() => {\
        const send = RTCDataChannel.prototype.send;\
        RTCDataChannel.prototype.send = function () {\
            RTCDataChannel.prototype.send = send;\
            throw new DOMException('full', 'OperationError');\
        };\
        return true;\
    })()";
    let two = "document.querySelectorAll('.tile[data-state=connected]').length === 2";
    pages[0].browser.until("two peers", two, &[]).await;
    pages[0].browser.until("both can be spoken to", "document.querySelector('#text').placeholder.includes('all 2')", &[]).await;
    pages[0].browser.value(refuse_once, &[]).await;
    pages[0].say("third").await;
    let is_said = "document.querySelector('#text').value === '' &&\
                   document.querySelector('#log li:last-child').dataset.kind === 'own'";
    pages[0].browser.until("it is said", is_said, &[]).await;
}
