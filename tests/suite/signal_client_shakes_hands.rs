//! What the signalling client sends in its handshake, and what it makes of the answer.

use peergate::{
    ids::PeerId,
    redact::Redacted,
    signal::{
        client::{Client, ClientEvent, Settings},
        message::{Envelope, MAX_MESSAGE_BYTES, Signal},
    },
};
use tokio_tungstenite::tungstenite::Message;

use crate::common::{
    scripted_relay::ScriptedRelay,
    signalling::{settings, soon},
};

fn url(relay: &ScriptedRelay, credentials: &str) -> String {
    format!("ws://{credentials}{}/room?token=hidden", relay.address())
}

#[tokio::test]
async fn path_protocols_headers_and_credentials_arrive() {
    let relay = ScriptedRelay::plain().await;
    let settings = Settings {
        protocols: vec!["first".into(), "second".into()],
        headers: vec![("X-Api-Key".into(), Redacted::new("s3cret".into()))],
        ..settings(&url(&relay, "ann:s%20e:cret@"))
    };
    let (_client, mut events) = Client::start(settings);
    let visitor = soon(relay.let_in()).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    assert_eq!(visitor.uri.to_string(), "/room?token=hidden");
    assert_eq!(visitor.headers["sec-websocket-protocol"], "first, second");
    assert_eq!(visitor.headers["x-api-key"], "s3cret");
    // "ann:s e:cret"
    assert_eq!(visitor.headers["authorization"], "Basic YW5uOnMgZTpjcmV0");
    assert_eq!(visitor.headers["host"], relay.address().to_string());
}

#[tokio::test]
async fn text_and_binary_frames_are_read_alike() {
    let relay = ScriptedRelay::plain().await;
    let (_client, mut events) = Client::start(settings(&url(&relay, "")));
    let mut visitor = soon(relay.let_in()).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    let join = Envelope { from: PeerId::new("ann").unwrap(), to: None, body: Signal::Join };
    visitor.say(Message::binary(join.to_text())).await;
    visitor.say(Message::text(r#"{"event": "chat", "data": {"text": "not ours"}}"#)).await;
    visitor.say(Message::text("nonsense")).await;
    visitor.say(Message::text(join.to_text())).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Message(join.clone())));
    let Some(ClientEvent::Malformed { why }) = soon(events.recv()).await else { panic!("the nonsense was taken") };
    assert!(why.starts_with("expected JSON"), "{why}");
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Message(join)));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_dropped_and_the_next_one_is_read() {
    let relay = ScriptedRelay::plain().await;
    let (_client, mut events) = Client::start(settings(&url(&relay, "")));
    let mut visitor = soon(relay.let_in()).await;
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Up));
    visitor.say(Message::text(" ".repeat(MAX_MESSAGE_BYTES + 1))).await;
    visitor.say(Message::text(" ".repeat(8 * MAX_MESSAGE_BYTES))).await;
    let join = Envelope { from: PeerId::new("ann").unwrap(), to: None, body: Signal::Join };
    visitor.say(Message::text(join.to_text())).await;
    for bytes in [MAX_MESSAGE_BYTES + 1, 8 * MAX_MESSAGE_BYTES] {
        let why = format!("expected a message of at most {MAX_MESSAGE_BYTES} bytes, got {bytes}");
        assert_eq!(soon(events.recv()).await, Some(ClientEvent::Malformed { why }));
    }
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Message(join)));
}

#[tokio::test]
async fn a_refusal_is_said_with_what_helps() {
    for (status, hint) in [
        (401, "it wants credentials"),
        (404, "is the path of the address right?"),
        (302, "give the address it redirects to"),
        (503, "it is in trouble itself"),
        (400, "is it a WebSocket server?"),
    ] {
        let relay = ScriptedRelay::plain().await;
        let (_client, mut events) = Client::start(settings(&url(&relay, "")));
        soon(relay.refuse(status)).await;
        let Some(ClientEvent::Down { why }) = soon(events.recv()).await else { panic!("{status} was taken") };
        assert!(why.contains(&status.to_string()) && why.contains(hint), "{why}");
        assert!(!why.contains("hidden"), "{why}");
    }
}

#[tokio::test]
async fn settings_that_http_does_not_allow_are_said_so_without_the_secret() {
    let relay = ScriptedRelay::plain().await;
    let headers = vec![("X-Api-Key".to_owned(), Redacted::new("s3cret\n".to_owned()))];
    let (_client, mut events) = Client::start(Settings { headers, ..settings(&url(&relay, "")) });
    let why = "the header \"X-Api-Key\" of the configuration has a value that HTTP does not allow".into();
    assert_eq!(soon(events.recv()).await, Some(ClientEvent::Down { why }));
}
