//! Strangers may send what they like to a room, as fast as its relay lets them: the page stays as it is, and shows the gateway.

use serde_json::json;

use crate::common::{
    browser::{Options, PATIENCE},
    daemon::{Daemon, GATEWAY},
    page::Page,
    peers_in_state::open_channels,
    socket::Socket,
};

/// More than the page takes, and fewer than a browser refuses.
const STRANGERS: usize = 300;

/// An offer that nobody stands behind.
const OFFER: &str = "(async () => {\
    const connection = new RTCPeerConnection();\
    connection.addTransceiver('video');\
    return (await connection.createOffer()).sdp;\
})()";

/// Counts the connections that the page begins, those that it answers, and the strangers that it has heard of.
const COUNT: &str = "(() => {\
    window.begun = 0;\
    window.heard = 0;\
    window.answered = 0;\
    const [Connection, parse] = [window.RTCPeerConnection, JSON.parse];\
    window.RTCPeerConnection = class extends Connection { constructor(...of) { super(...of); window.begun += 1; }\
        async createAnswer() { const answer = await super.createAnswer(); window.answered += 1; return answer; } };\
    JSON.parse = (text) => { if (text.includes('stranger')) window.heard += 1; return parse(text); };\
    return true;\
})()";

#[tokio::test(flavor = "multi_thread")]
async fn of_strangers_and_their_descriptions() {
    let gateway = Daemon::gateway(&[]).await;
    let page = Page::start(Options::chromium(), &gateway.http("/")).await;
    page.picture().await;
    assert_eq!(page.one_peer().await, GATEWAY);
    let offer = page.browser.value(OFFER, &[]).await;
    page.browser.value(COUNT, &[]).await;

    let mut room = Socket::open(&gateway.ws("/signal")).await;
    for number in 0..STRANGERS {
        let offer = json!({ "sender": format!("stranger {number}"), "sdp": { "type": "offer", "sdp": "rubbish" } });
        room.say(&json!({ "event": "sdp", "data": offer }).to_string()).await;
    }
    page.browser.until("it has heard of all", "window.heard === arguments[0]", &[json!(STRANGERS)]).await;
    let shown = "document.querySelectorAll('.tile').length";
    let counts = page.browser.value(&format!("[window.begun, {shown}]"), &[]).await;
    assert_eq!(counts, json!([63, 64]), "as many as there are places beside the gateway");

    // It knocks twice at each.
    page.browser.until("they are given up", &format!("{shown} === 1"), &[]).await;
    page.says("sent a description that this browser can't use").await;
    assert_eq!(page.browser.value("document.querySelectorAll('#notices p').length", &[]).await, 5);
    assert_eq!(page.one_peer().await, GATEWAY);

    // In the name of who is connected.
    let picture = "document.querySelector('.tile video').srcObject";
    page.browser.value(&format!("Boolean(window.held = {picture})"), &[]).await;
    for sdp in [json!("rubbish"), offer] {
        let offer = json!({ "sender": GATEWAY, "sdp": { "type": "offer", "sdp": sdp } });
        room.say(&json!({ "event": "sdp", "data": offer }).to_string()).await;
    }
    page.browser.until("it has begun to meet both", "window.begun === 65", &[]).await;
    let answered = "window.answered === 1";
    page.browser.until("it has answered the one that is no rubbish", answered, &[]).await;
    assert_eq!(page.one_peer().await, GATEWAY);
    assert_eq!(page.browser.value(&format!("{picture} === window.held"), &[]).await, true);
    page.picture().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_of_words() {
    let gateway = Daemon::gateway(&[]).await;
    let page = Page::start(Options::chromium(), &gateway.http("/")).await;
    page.one_peer().await;
    gateway.wait_for_state(PATIENCE, |state| open_channels(state) == 1).await;
    gateway.send_text(&"x".repeat(60_000)).await;
    let length = "document.querySelector('#log [data-kind=theirs] p')?.textContent.length";
    assert_eq!(page.browser.until("the message is shown", length, &[]).await, 16_002);
}
