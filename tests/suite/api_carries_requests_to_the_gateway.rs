//! What the API makes of a request, and of the gateway's answer.

use base64::{Engine, engine::general_purpose::STANDARD};
use peergate::{
    gateway::command::{Command, CommandError},
    ids::{MemberKey, Members, PeerId},
    report::Message,
};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::common::control::Control;

fn ann() -> PeerId {
    PeerId::new("ann").unwrap()
}

/// Posts a message; the gateway answers with `answer`. Gives what it was asked, and what came of it.
async fn post(
    control: &mut Control,
    path: &str,
    body: Value,
    answer: Result<usize, CommandError>,
) -> (Option<PeerId>, Message, Response) {
    let asking = control.request(Method::POST, path).json(&body).send();
    let answering = async {
        match control.commands.recv().await {
            Some(Command::Send { members: Members::All, peer, message, reply }) => {
                reply.send(answer).unwrap();
                (peer, message)
            }
            other => panic!("asked for something else: {other:?}"),
        }
    };
    let (response, (peer, message)) = tokio::join!(asking, answering);
    (peer, message, response.unwrap())
}

/// Posts what never reaches the gateway.
async fn refused(control: &Control, body: String) -> (StatusCode, Value) {
    let request = control.request(Method::POST, "/api/messages").header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn text_and_bytes_go_to_all_or_to_one() {
    let mut control = Control::start().await;
    let hello = Message::Text { text: "hello".into() };
    let (peer, message, response) = post(&mut control, "/api/messages", json!({"text": "hello"}), Ok(3)).await;
    assert_eq!((peer, message), (None, hello));
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"peers": 3}));

    let path = "/api/peers/ann/messages";
    let (peer, message, response) = post(&mut control, path, json!({"base64": "AP8="}), Ok(1)).await;
    assert_eq!((peer, message), (Some(ann()), Message::Binary { bytes: vec![0, 255] }));
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"peers": 1}));
}

#[tokio::test]
async fn an_id_of_any_characters_is_one_part_of_the_path() {
    let mut control = Control::start().await;
    let path = "/api/peers/a%2Fb%20%C3%BC/messages";
    let (peer, ..) = post(&mut control, path, json!({"text": "hi"}), Ok(1)).await;
    assert_eq!(peer, Some(PeerId::new("a/b ü").unwrap()));
}

#[tokio::test]
async fn what_the_gateway_cannot_do_is_said_with_the_right_status() {
    let mut control = Control::start().await;
    for (error, status) in [
        (CommandError::NoSuchPeer(ann()), StatusCode::NOT_FOUND),
        (CommandError::ChannelClosed(ann()), StatusCode::CONFLICT),
        (CommandError::Congested(ann(), 1_000_000), StatusCode::TOO_MANY_REQUESTS),
        (CommandError::Stuck(ann()), StatusCode::SERVICE_UNAVAILABLE),
        (CommandError::Unsendable("its channel takes no bytes".into()), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (_, _, response) = post(&mut control, "/api/peers/ann/messages", json!({"text": "hi"}), Err(error)).await;
        assert_eq!(response.status(), status);
        let body: Value = response.json().await.unwrap();
        assert!(body["error"].is_string() && body["help"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn a_message_of_64_kib_is_taken_and_a_longer_one_is_not() {
    let mut control = Control::start().await;
    // JSON escapes each of these with six bytes.
    let longest = "\u{1}".repeat(64 * 1024);
    let (_, message, _) = post(&mut control, "/api/messages", json!({"text": longest}), Ok(0)).await;
    assert_eq!(message, Message::Text { text: longest.clone() });

    for body in [
        json!({"text": "x".repeat(64 * 1024 + 1)}),
        json!({"base64": STANDARD.encode(vec![0; 64 * 1024 + 1])}),
        json!({"text": "x".repeat(1024 * 1024)}),
    ] {
        let (status, body) = refused(&control, body.to_string()).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_message_is_refused_in_words() {
    let control = Control::start().await;
    for (body, error) in [
        ("{}", "expected text or base64, got neither"),
        (r#"{"text": "a", "base64": ""}"#, "expected text or base64, got both"),
        (r#"{"base64": "a"}"#, "expected base64"),
        (r#"{"text": ""}"#, "got an empty one"),
        (r#"{"txt": "a"}"#, "unknown field `txt`"),
        (r#"{"text": 1}"#, "invalid type"),
        ("nonsense", "parse"),
    ] {
        let (status, answer) = refused(&control, body.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(error), "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_peer_can_be_closed() {
    let mut control = Control::start().await;
    for (answer, status) in
        [(Ok(()), StatusCode::NO_CONTENT), (Err(CommandError::NoSuchPeer(ann())), StatusCode::NOT_FOUND)]
    {
        let asking = control.request(Method::DELETE, "/api/peers/ann").send();
        let answering = async {
            match control.commands.recv().await {
                Some(Command::ClosePeer { peer, reply }) => {
                    assert_eq!(peer, ann());
                    reply.send(answer).unwrap();
                }
                other => panic!("asked for something else: {other:?}"),
            }
        };
        let (response, ()) = tokio::join!(asking, answering);
        assert_eq!(response.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_said_so() {
    let mut control = Control::start().await;
    control.commands.close();
    let (status, body) = refused(&control, r#"{"text": "hello"}"#.into()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
}

#[tokio::test]
async fn the_state_is_what_the_gateway_says_last() {
    let control = Control::start().await;
    let state = async || -> Value {
        control.request(Method::GET, "/api/state").send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(state().await, json!({"members": [], "sources": [], "encoders": [], "recordings": [], "disk": null, "pipelines_left_behind": 0}));
    control.state.send_modify(|state| {
        state.members.push(peergate::report::MemberState {
            key: MemberKey(0),
            id: PeerId::new("front-door").unwrap(),
            room: "wss://relay.example/room".into(),
            relay: peergate::report::RelayState::Away { since: std::time::SystemTime::UNIX_EPOCH, why: "away".into() },
            peers: Vec::new(),
            limits_reached: [(peergate::limit::Limit::Joins, 2)].into(),
            penalties: 1,
        });
    });
    let member = json!({
        "id": "front-door", "room": "wss://relay.example/room",
        "relay": {"state": "away", "since": 0, "why": "away"}, "peers": [],
        "limits_reached": {"joins": 2}, "penalties": 1,
    });
    assert_eq!(state().await["members"], json!([member]));
}

#[tokio::test]
async fn what_is_not_there_is_answered_in_json_too() {
    let control = Control::start().await;
    for (method, path, status) in [
        (Method::GET, "/api/nothing", StatusCode::NOT_FOUND),
        (Method::GET, "/api/messages", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/api/state", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let response = control.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert!(response.json::<Value>().await.unwrap()["help"].is_string(), "{path}");
    }
}
