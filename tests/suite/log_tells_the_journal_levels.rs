//! Where stderr is the journal, each line begins with its level, and the time is left to it.

use std::{
    io::{BufRead, BufReader, PipeReader, pipe},
    net::TcpListener,
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
};

use crate::common::daemon::command;

/// A relay that logs into a pipe, which `JOURNAL_STREAM` names or does not.
struct Relay {
    child: Child,
    lines: std::io::Lines<BufReader<PipeReader>>,
}

impl Relay {
    fn start(mut command: Command, is_journal: bool) -> Self {
        let (reader, writer) = pipe().unwrap();
        let file = std::fs::metadata(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader))).unwrap();
        let inode = if is_journal { file.ino() } else { file.ino() + 1 };
        command.env("JOURNAL_STREAM", format!("{}:{inode}", file.dev())).stdin(Stdio::null()).stderr(writer);
        let child = command.spawn().unwrap();
        // The writing end goes with the command; else there is no end to what is read.
        drop(command);
        Self { child, lines: BufReader::new(reader).lines() }
    }

    fn next_line(&mut self) -> String {
        self.lines.next().expect("a line").unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn information_is_of_level_six_and_has_no_time() {
    let mut relay = Relay::start(command(&["relay", "--listen", "127.0.0.1:0"]), true);
    let line = relay.next_line();
    assert!(line.starts_with("<6>peergate::daemon: listening address=127.0.0.1:"), "{line}");
}

#[test]
fn an_error_is_of_level_three() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut relay = Relay::start(command(&["relay", "--listen", &address]), true);
    let line = relay.next_line();
    assert!(line.starts_with("<3>peergate: could not listen on"), "{line}");
}

#[test]
fn who_inherits_the_variable_and_writes_elsewhere_tells_the_time() {
    let mut relay = Relay::start(command(&["relay", "--listen", "127.0.0.1:0"]), false);
    let line = relay.next_line();
    assert!(line.starts_with("20") && line.contains("INFO"), "{line}");
}
