//! Programs beside the daemon have messages as lines of a Unix socket, in both directions.

use std::{borrow::Cow, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use crate::common::{
    daemon::Daemon,
    signalling::soon,
    str0m_peer::{Message, Options, Order, Viewer},
};

/// A program that is connected.
struct Program(BufReader<UnixStream>);

impl Program {
    async fn connect(socket: &Path) -> Self {
        Self(BufReader::new(UnixStream::connect(socket).await.unwrap()))
    }

    async fn say(&mut self, line: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(&[line.as_ref(), b"\n"].concat()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        soon(self.0.read_line(&mut line)).await.unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

/// A daemon with a socket, a viewer whose channel is open, and the socket's folder.
async fn scene() -> (Daemon, Viewer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("messages.sock");
    let daemon = Daemon::configured(&format!("[messages]\nsocket = {socket:?}\n")).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    daemon.peer("ann", |peer| peer["channel"]["open"] == true).await;
    (daemon, viewer, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_both_directions() {
    let (_daemon, viewer, folder) = scene().await;
    let socket = folder.path().join("messages.sock");
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600, "for the daemon's user alone");
    let (mut one, mut other) = (Program::connect(&socket).await, Program::connect(&socket).await);
    one.say(r#"{"text": "to everybody"}"#).await;
    assert_eq!(one.hear().await, json!({"sent": 1}));
    other.say(r#"{"peer": "ann", "base64": "AP8="}"#).await;
    assert_eq!(other.hear().await, json!({"sent": 1}));
    assert_eq!(viewer.messages(2).await, [Message::Text("to everybody".into()), Message::Binary(vec![0, 255])]);

    viewer.order(Order::SendText(Cow::Borrowed("a line\nand another".as_bytes())));
    viewer.order(Order::SendBinary(vec![0, 255]));
    for program in [&mut one, &mut other] {
        let text = json!({"member": "gateway", "peer": "ann", "text": "a line\nand another"});
        assert_eq!(program.hear().await, text);
        assert_eq!(program.hear().await, json!({"member": "gateway", "peer": "ann", "base64": "AP8="}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_last_line_needs_no_end() {
    let (_daemon, viewer, folder) = scene().await;
    let mut program = Program::connect(&folder.path().join("messages.sock")).await;
    program.0.get_mut().write_all(br#"{"text": "that is all"}"#).await.unwrap();
    program.0.get_mut().shutdown().await.unwrap();
    assert_eq!(program.hear().await, json!({"sent": 1}));
    assert_eq!(soon(program.0.read_line(&mut String::new())).await.unwrap(), 0, "who has said all is let go");
    assert_eq!(viewer.messages(1).await, [Message::Text("that is all".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_what_is_wrong_is_said_without_harm() {
    let (_daemon, viewer, folder) = scene().await;
    let mut program = Program::connect(&folder.path().join("messages.sock")).await;
    let too_long = format!(r#"{{"text": "{}"}}"#, "x".repeat(500_000));
    let too_large = format!(r#"{{"text": "{}"}}"#, "x".repeat(70_000));
    for (line, expected) in [
        ("hello", r#"expected a line like {"peer": "ID", "text": "..."}"#),
        (r#"{"to": "ann", "text": "x"}"#, "unknown field `to`"),
        (r#"{"peer": "bob", "text": "x"}"#, "no peer bob in any room"),
        (r#"{"peer": "ann"}"#, "expected text or base64, got neither"),
        (&too_large, "at most 65536 bytes"),
        (&too_long, "expected a line of at most"),
    ] {
        program.say(line).await;
        let answer = program.hear().await;
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(expected)), "{answer}");
    }
    program.say([b'"', 0xff, b'"']).await;
    assert!(program.hear().await["error"].is_string(), "no UTF-8");
    // In one piece with a line that is too long.
    program.say(format!("{too_long}\n{}", r#"{"member": "gateway", "text": "still here"}"#)).await;
    assert!(program.hear().await["error"].is_string());
    assert_eq!(program.hear().await, json!({"sent": 1}));
    program.say(r#"{"member": "nobody", "text": "x"}"#).await;
    assert_eq!(program.hear().await, json!({"sent": 0}));
    assert_eq!(viewer.messages(1).await, [Message::Text("still here".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn which_is_gone_with_the_daemon() {
    let (mut daemon, _viewer, folder) = scene().await;
    daemon.signal("TERM");
    assert!(daemon.ended(std::time::Duration::from_secs(10)).await.success());
    assert!(!folder.path().join("messages.sock").exists());
}
