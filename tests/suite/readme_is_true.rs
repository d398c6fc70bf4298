//! What the README tells people to type works.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use peergate::cli::Asked;

use crate::common::{cargo, daemon::Daemon};

/// The lines of the README's code blocks.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string("README.md").unwrap();
    readme.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// Those that begin with `program`, without it.
fn commands_of(program: &str) -> Vec<String> {
    let lines = commands();
    lines.iter().filter_map(|line| line.strip_prefix(program)).map(|rest| rest.trim().to_owned()).collect()
}

/// A line's words, quotes taken off.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

#[test]
fn it_begins_with_the_two_commands() {
    assert_eq!(commands()[..2], ["./dev run", "./dev test"]);
}

#[test]
fn every_line_of_peergate_is_understood() {
    let runs = commands_of("./dev run").into_iter().map(|flags| format!("peergate run {flags}"));
    let others = commands_of("target/debug/peergate").into_iter().map(|rest| format!("peergate {rest}"));
    let lines: Vec<_> = runs.chain(others).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    for line in lines {
        if let Err(error) = Asked::parse(words(&line).into_iter().map(Into::into)) {
            panic!("{line}\n{error}");
        }
    }
}

#[tokio::test]
async fn the_first_command_starts_what_the_others_speak_to() {
    let daemon = Daemon::spawn(script("./dev run"));
    daemon.wait_for_log("listening address=127.0.0.1:8080", Duration::from_secs(100)).await;

    let mut curls = commands_of("curl");
    let events = curls.pop().expect("the last one listens");
    assert!(events.ends_with("/api/events"), "{events}");
    for curl in curls {
        let output = script(&format!("curl --fail --silent --show-error {curl}")).output().unwrap();
        assert!(output.status.success(), "curl {curl}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut listening = Killed(script(&format!("curl --fail --silent {events}")).stdout(Stdio::piped()).spawn().unwrap());
    assert!(listening.0.try_wait().unwrap().is_none(), "curl {events} goes on");
}

#[test]
fn the_default_configuration_passes_its_check() {
    let [check] = &commands_of("target/debug/peergate check")[..] else { panic!("one line with check") };
    let mut command = Command::new(env!("CARGO_BIN_EXE_peergate"));
    assert!(command.arg("check").arg(check).status().unwrap().success());
}

#[test]
fn every_file_that_it_links_to_is_there() {
    let readme = fs::read_to_string("README.md").unwrap();
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://")) {
        assert!(Path::new(link).exists(), "{link}");
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line as a shell takes it, in place of which it runs.
fn script(line: &str) -> Command {
    let mut command = Command::new("bash");
    cargo::as_by_hand(command.args(["-c", &format!("exec {line}")])).env("CARGO_NET_OFFLINE", "true");
    command
}
