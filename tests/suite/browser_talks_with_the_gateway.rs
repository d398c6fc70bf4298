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
}
