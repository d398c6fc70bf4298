//! The Unix socket: each line is a message as JSON, in both directions.

use serde::{Deserialize, Serialize};
use tokio::{
    io::{self, AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    task::JoinSet,
};

use super::{Messages, Next, Received, Written};
use crate::{
    gateway::Access,
    ids::PeerId,
    report::Message,
    server::{Listener, LocalSocket},
};

/// Programs at once. Who comes when so many are there waits.
const PROGRAMS: usize = 16;

/// The longest line: a message in which JSON escapes every byte with six, and whom it is for.
const MAX_LINE_BYTES: usize = 6 * Message::MAX_BYTES + 1024;

/// What a program writes: a message, and whom it is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// In the rooms of members with this id; in all where there is none.
    member: Option<PeerId>,
    /// To this one; to everybody where there is none.
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
    /// It did not read fast enough: so many events were dropped, messages or not.
    Lost { lost: u64 },
}

/// Serves programs, for ever.
pub(super) async fn serve(mut socket: LocalSocket, gateway: Access) {
    let mut programs = JoinSet::new();
    loop {
        if programs.len() >= PROGRAMS {
            programs.join_next().await;
        }
        programs.spawn(speak(socket.take().await, gateway.clone()));
        while programs.try_join_next().is_some() {}
    }
}

async fn speak(stream: UnixStream, gateway: Access) {
    let mut messages = Messages::of(&gateway);
    let (from, mut to) = stream.into_split();
    let mut lines = Lines(BufReader::new(from), Vec::new());
    loop {
        let said = tokio::select! {
            next = messages.next() => match next {
                Some(Next::Message(Received { member, peer, message, .. })) => Said::Message { member, peer, message },
                Some(Next::Missed(lost)) => Said::Lost { lost },
                None => return,
            },
            line = lines.next() => match line {
                Ok(Some(line)) => match send(&line, &gateway).await {
                    Ok(sent) => Said::Sent { sent },
                    Err(error) => Said::Error { error },
                },
                // It is gone, or has said all.
                Ok(None) | Err(_) => return,
            },
        };
        let mut line = serde_json::to_vec(&said).expect("texts and numbers are always JSON");
        line.push(b'\n');
        if to.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Lines of a program, and what has come of the next one.
struct Lines(BufReader<OwnedReadHalf>, Vec<u8>);

impl Lines {
    /// The next one, without its end, which the last may lack; `None` at the end of all. Of one that is too long as much as
    /// shows that it is.
    /// What has come of a line is kept where nobody waits for the rest.
    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Self(from, line) = self;
        loop {
            let come = from.fill_buf().await?;
            if come.is_empty() {
                return Ok(Some(std::mem::take(line)).filter(|rest| !rest.is_empty()));
            }
            let end = come.iter().position(|&byte| byte == b'\n');
            let room = (MAX_LINE_BYTES + 1).saturating_sub(line.len());
            let part = &come[..end.unwrap_or(come.len())];
            line.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(come.len(), |end| end + 1);
            from.consume(used);
            if end.is_some() {
                return Ok(Some(std::mem::take(line)));
            }
        }
    }
}

async fn send(line: &[u8], gateway: &Access) -> Result<usize, String> {
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("expected a line of at most {MAX_LINE_BYTES} bytes, got a longer one"));
    }
    let Line { member, peer, text, base64 } = serde_json::from_slice(line)
        .map_err(|error| format!(r#"expected a line like {{"peer": "ID", "text": "..."}}: {error}"#))?;
    let message = Message::try_from(Written { text, base64 }).map_err(|error| error.to_string())?;
    super::send(gateway, member.into(), peer, message).await.map_err(|error| error.with_help())
}
