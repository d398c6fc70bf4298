//! The program that is run for each message. What it is comes from the configuration alone: what a peer has to say goes to
//! its standard input, never to its command line.

use std::{
    process::{ExitStatus, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};
use tracing::{field::display, warn};

use super::{Messages, Next, Program, Received, send};
use crate::{gateway::Access, ids::Members, log_limit::LogLimit, report::Message};

/// What of its standard error is shown, in bytes.
const SHOWN: u64 = 300;

/// Lines about a program that fails, at once: each message may make it fail.
const LINES: u32 = 10;

/// Why it did not do what it should have.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it can't be started: {0}; [messages] program names it")]
    Start(io::Error),
    #[error("it did not end within {} s, and was killed; [messages] limit says how long it may take", .0.as_secs_f64())]
    TooSlow(std::time::Duration),
    #[error("{status}{}{complaint}", if complaint.is_empty() { "" } else { ": " })]
    Ended { status: ExitStatus, complaint: String },
    #[error("what it prints can't be read: {0}")]
    Output(io::Error),
}

/// What it has printed.
struct Printed {
    answer: Vec<u8>,
    complaint: String,
}

/// Runs it for each message, one after the other: they come in their order, and a flood of them is no flood of processes.
pub(super) async fn run(program: Program, gateway: Access) {
    let mut messages = Messages::of(&gateway);
    let mut lines = LogLimit::new(LINES);
    while let Some(next) = messages.next().await {
        let (peer, why) = match next {
            Next::Message(received) => match run_once(&program, &received).await {
                Ok(answer) => {
                    if program.answers {
                        give_back(&gateway, received, answer).await;
                    }
                    continue;
                }
                Err(error) => (Some(received.peer), error.to_string()),
            },
            Next::Missed(count) => {
                (None, format!("it is slower than what happens: {count} events are left out, messages or not"))
            }
        };
        if let Some(swallowed) = lines.admit(Instant::now()) {
            let peer = peer.as_ref().map(display);
            warn!(program = %program.path.display(), peer, why, swallowed, "the program of [messages] failed");
        }
    }
}

/// Sends what it has printed to who has sent the message, in the same room.
async fn give_back(gateway: &Access, to: Received, answer: Vec<u8>) {
    let Received { key, peer, .. } = to;
    if let Some(message) = message(answer)
        && let Err(error) = send(gateway, Members::One(key), Some(peer.clone()), message).await
    {
        tracing::debug!(%peer, %error, "what the program answers does not reach the peer");
    }
}

/// What it printed.
async fn run_once(program: &Program, received: &Received) -> Result<Vec<u8>, Failure> {
    let kind = match received.message {
        Message::Text { .. } => "text",
        Message::Binary { .. } => "binary",
    };
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .env("PEERGATE_MEMBER", received.member.as_str())
        .env("PEERGATE_PEER", received.peer.as_str())
        .env("PEERGATE_MESSAGE", kind)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(Failure::Start)?;
    let mut group = Group::of(&child);
    let work = attend(&mut child, received.message.as_bytes());
    let (status, printed) = match timeout(program.limit, work).await {
        Ok(done) => {
            group.leave();
            done.map_err(Failure::Output)?
        }
        Err(_) => {
            drop(group);
            // It is killed: this is the zombie.
            let _ = child.wait().await;
            return Err(Failure::TooSlow(program.limit));
        }
    };
    if status.success() { Ok(printed.answer) } else { Err(Failure::Ended { status, complaint: printed.complaint }) }
}

/// Gives it the message and takes what it prints, until it and all that has its output are done.
async fn attend(child: &mut Child, message: &[u8]) -> io::Result<(ExitStatus, Printed)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // One that does not read it has closed the pipe.
            let _ = stdin.write_all(message).await;
        }
    };
    let answer = all_but_the_rest(stdout, Message::MAX_BYTES as u64);
    let complaint = all_but_the_rest(stderr, SHOWN);
    let ((), answer, complaint, status) = tokio::join!(give, answer, complaint, child.wait());
    let complaint = String::from_utf8_lossy(&complaint?).trim().replace('\n', " | ");
    Ok((status?, Printed { answer: answer?, complaint }))
}

/// The first bytes. The rest is read, too, so that nobody waits for us.
async fn all_but_the_rest(from: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let Some(mut from) = from else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    (&mut from).take(most).read_to_end(&mut bytes).await?;
    io::copy(&mut from, &mut io::sink()).await?;
    Ok(bytes)
}

/// What a program prints, as a message. `echo` ends a line that is none of the message.
fn message(mut answer: Vec<u8>) -> Option<Message> {
    if answer.last() == Some(&b'\n') {
        answer.pop();
    }
    if answer.is_empty() {
        return None;
    }
    Some(match String::from_utf8(answer) {
        Ok(text) => Message::Text { text },
        Err(error) => Message::Binary { bytes: error.into_bytes() },
    })
}

/// A program and all that it has started. They end with this, unless they are left alone.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// The program has ended: what it has put into the background is its own affair.
    const fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error: nobody is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
