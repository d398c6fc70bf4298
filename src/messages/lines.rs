//! The Unix socket: each line is a message as JSON, in both directions.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::{net::UnixStream, task::JoinSet, time::sleep};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

use super::{Gateway, MAX_MESSAGE_BYTES, Next, Received, Written};
use crate::{
    ids::PeerId,
    report::Message,
    server::{Listener, LocalSocket},
};

/// Programs at once. Who comes when so many are there waits.
const PROGRAMS: usize = 16;

/// The longest line: a message in which JSON escapes every byte with six, and whom it is for.
const MAX_LINE_BYTES: usize = 6 * MAX_MESSAGE_BYTES + 1024;

/// How long to wait after the system refused a connection: where no file descriptor is left, it does so at once again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// What a program writes: a message, and whom it is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// In whatever room it is; everybody where there is none.
    peer: Option<PeerId>,
    text: Option<String>,
    base64: Option<String>,
}

/// What is written to it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Said {
    /// A message that came.
    Message {
        member: PeerId,
        peer: PeerId,
        #[serde(flatten)]
        message: Message,
    },
    /// The last line went to so many peers.
    Sent { sent: usize },
    /// The last line went to nobody.
    Error { error: String },
    /// It did not read fast enough: so many events were dropped, messages among them or not.
    Lost { lost: u64 },
}

/// Serves programs, for ever.
pub(super) async fn serve(socket: LocalSocket, gateway: Gateway) {
    let mut programs = JoinSet::new();
    loop {
        if programs.len() >= PROGRAMS {
            programs.join_next().await;
        }
        match socket.accept().await {
            Ok(stream) => drop(programs.spawn(speak(stream, gateway.clone()))),
            Err(error) => {
                tracing::warn!(%error, "the system gives no more connections");
                sleep(REFUSED_PAUSE).await;
            }
        }
        while programs.try_join_next().is_some() {}
    }
}

async fn speak(stream: UnixStream, gateway: Gateway) {
    let mut messages = gateway.messages();
    let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(MAX_LINE_BYTES));
    loop {
        let said = tokio::select! {
            next = messages.next() => match next {
                Some(Next::Message(Received { member, peer, message })) => Said::Message { member, peer, message },
                Some(Next::Missed(lost)) => Said::Lost { lost },
                None => return,
            },
            line = lines.next() => match line {
                Some(Ok(line)) => match send(&line, &gateway).await {
                    Ok(sent) => Said::Sent { sent },
                    Err(error) => Said::Error { error },
                },
                Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                    // `Framed` gives one end after each error, and goes on.
                    let _ = lines.next().await;
                    Said::Error { error: format!("expected a line of at most {MAX_LINE_BYTES} bytes, got a longer one") }
                }
                Some(Err(LinesCodecError::Io(_))) | None => return,
            },
        };
        let line = serde_json::to_string(&said).expect("texts and numbers are always JSON");
        // It is gone.
        if lines.send(line).await.is_err() {
            return;
        }
    }
}

async fn send(line: &str, gateway: &Gateway) -> Result<usize, String> {
    let Line { peer, text, base64 } = serde_json::from_str(line)
        .map_err(|error| format!(r#"expected a line like {{"peer": "ID", "text": "..."}}: {error}"#))?;
    let message = Message::try_from(Written { text, base64 }).map_err(|error| error.to_string())?;
    gateway.send(peer, message).await.map_err(|error| error.to_string())
}
