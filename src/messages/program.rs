//! The program that is run for each message. What it is comes from the configuration alone: what a peer has to say goes to
//! its standard input, never to its command line.

use std::{
    pin::pin,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};
use tracing::{field::display, warn};

use super::{Messages, Next, Program, Received, send, waiting::Waiting};
use crate::{
    gateway::{Access, command::CommandError},
    ids::Members,
    log_limit::LogLimit,
    report::Message,
};

/// How long what a program has printed may take to be read once it has ended. What it has put into the background may hold
/// its output for ever.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What of its standard error is shown, in bytes.
const SHOWN: usize = 300;

/// Lines about a program that fails, at once: each message may make it fail.
const LINES: u32 = 10;

/// Why it did not do what it should have.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it can't be started: {0}; [messages] program names it")]
    Start(io::Error),
    #[error("it did not end within {} s, and was killed; [messages] limit says how long it may take", .0.as_secs_f64())]
    TooSlow(Duration),
    #[error("{status}{}{complaint}", if complaint.is_empty() { "" } else { ": " })]
    Ended { status: ExitStatus, complaint: String },
    #[error("what it prints can't be read: {0}")]
    Output(io::Error),
    #[error("its answer is not sent: {}", .0.with_help())]
    Answer(CommandError),
}

/// What it has printed.
struct Printed {
    answer: Vec<u8>,
    complaint: String,
}

/// Runs it for each message, one after the other: a flood of them is no flood of processes. Those that come meanwhile wait,
/// and who sends them take turns.
pub(super) async fn run(program: Program, gateway: Access) {
    let mut messages = Messages::of(&gateway);
    let mut waiting = Waiting::default();
    let (mut failures, mut left_out) = (LogLimit::new(LINES), LogLimit::new(LINES));
    loop {
        let Some(received) = waiting.pop() else {
            let Some(next) = messages.next().await else { return };
            keep(next, &mut waiting, &program, &mut left_out);
            continue;
        };
        let peer = received.peer.clone();
        let mut work = pin!(serve(&program, &gateway, received));
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                next = messages.next() => {
                    let Some(next) = next else { return };
                    keep(next, &mut waiting, &program, &mut left_out);
                }
            }
        };
        if let Err(error) = outcome
            && let Some(swallowed) = failures.admit(Instant::now())
        {
            let (program, why) = (program.path.display(), error.to_string());
            warn!(%program, %peer, why, swallowed, "the program of [messages] failed");
        }
    }
}

/// Has a message wait for its turn.
fn keep(next: Next, waiting: &mut Waiting, program: &Program, left_out: &mut LogLimit) {
    let (peer, why) = match next {
        Next::Message(received) => {
            let peer = received.peer.clone();
            if waiting.push(received) {
                return;
            }
            (Some(peer), "so much of what it says waits already".to_owned())
        }
        Next::Missed(count) => (None, format!("{count} events came at once, messages or not")),
    };
    if let Some(swallowed) = left_out.admit(Instant::now()) {
        let peer = peer.as_ref().map(display);
        warn!(program = %program.path.display(), peer, why, swallowed, "the program of [messages] is not run for a message");
    }
}

/// Runs it for one message, and sends what it prints to who has sent that, if it is to be.
async fn serve(program: &Program, gateway: &Access, received: Received) -> Result<(), Failure> {
    let answer = run_once(program, &received).await?;
    if program.answers { give_back(gateway, received, answer).await } else { Ok(()) }
}

/// Sends what it has printed to who has sent the message, in the same room.
async fn give_back(gateway: &Access, to: Received, answer: Vec<u8>) -> Result<(), Failure> {
    let Received { key, peer, .. } = to;
    let Some(message) = message(answer) else { return Ok(()) };
    match send(gateway, Members::One(key), Some(peer), message).await {
        // Who has left wants no answer.
        Ok(_) | Err(CommandError::NoSuchPeer(_) | CommandError::ChannelClosed(_)) => Ok(()),
        Err(refused) => Err(Failure::Answer(refused)),
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
    let work = attend(&mut child, &mut group, received.message.as_bytes());
    let (status, printed) = match timeout(program.limit, work).await {
        Ok(done) => done.map_err(Failure::Output)?,
        Err(_) => {
            drop(group);
            // It is killed: this is the zombie.
            let _ = child.wait().await;
            return Err(Failure::TooSlow(program.limit));
        }
    };
    if status.success() { Ok(printed.answer) } else { Err(Failure::Ended { status, complaint: printed.complaint }) }
}

/// Gives it the message and takes what it prints, until it has ended.
async fn attend(child: &mut Child, group: &mut Group, message: &[u8]) -> io::Result<(ExitStatus, Printed)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut answer, mut complaint) = (Vec::new(), Vec::new());
    let give = async {
        if let Some(mut stdin) = stdin {
            // One that does not read it has closed the pipe.
            let _ = stdin.write_all(message).await;
        }
        Ok(())
    };
    let (tell, complain) = (take(stdout, Message::MAX_BYTES, &mut answer), take(stderr, SHOWN, &mut complaint));
    let status = {
        let mut talk = pin!(async { tokio::try_join!(give, tell, complain) });
        tokio::select! {
            status = child.wait() => {
                group.leave();
                if let Ok(talked) = timeout(LAST_WORDS, talk).await {
                    talked?;
                }
                status?
            }
            talked = &mut talk => {
                talked?;
                let status = child.wait().await;
                group.leave();
                status?
            }
        }
    };
    let complaint = String::from_utf8_lossy(&complaint).trim().replace('\n', " | ");
    Ok((status, Printed { answer, complaint }))
}

/// Puts the first bytes into `taken`. The rest is read, too, so that nobody waits for us.
async fn take(from: Option<impl AsyncRead + Unpin>, most: usize, taken: &mut Vec<u8>) -> io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut part = [0; 2048];
    loop {
        let read = from.read(&mut part).await?;
        if read == 0 {
            return Ok(());
        }
        let room = most.saturating_sub(taken.len());
        taken.extend_from_slice(&part[..read.min(room)]);
    }
}

/// What a program prints, as a message. `echo` ends a line that is none of the message.
fn message(mut answer: Vec<u8>) -> Option<Message> {
    let may_be_cut = answer.len() == Message::MAX_BYTES;
    if answer.last() == Some(&b'\n') {
        answer.pop();
    }
    if may_be_cut
        && let Err(error) = str::from_utf8(&answer)
        && error.error_len().is_none()
    {
        // Within a letter.
        answer.truncate(error.valid_up_to());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_within_a_letter_ends_with_the_one_before() {
        let text = "x".repeat(Message::MAX_BYTES - 1);
        let cut = [text.as_bytes(), &"é".as_bytes()[..1]].concat();
        assert_eq!(message(cut), Some(Message::Text { text }));
    }

    #[test]
    fn what_is_no_text_is_sent_as_it_is() {
        let bytes = b"caf\xc3".to_vec();
        assert_eq!(message(bytes.clone()), Some(Message::Binary { bytes }), "it was printed so");
        let bytes = vec![0xff; Message::MAX_BYTES];
        assert_eq!(message(bytes.clone()), Some(Message::Binary { bytes }));
        assert_eq!(message(b"\n".to_vec()), None);
    }
}
