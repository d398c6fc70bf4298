//! The daemon takes all the file descriptors that it is allowed, and says when full rooms may need more.

use std::{fs, process::Command, time::Duration};

use crate::common::daemon::{self, Daemon};

const SOON: Duration = Duration::from_secs(20);
const RUN: [&str; 6] = ["run", "--listen", "127.0.0.1:0", "--stun", "none", "--video=none"];

/// A daemon started by a shell with these limits.
async fn limited(ulimit: &str) -> Daemon {
    let daemon = daemon::command(&RUN);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{ulimit} && exec \"$0\" \"$@\"")]).arg(daemon.get_program()).args(daemon.get_args());
    for (name, _) in daemon.get_envs().filter(|(_, value)| value.is_none()) {
        shell.env_remove(name);
    }
    Daemon::start(shell).await
}

/// The soft and the hard limit of a process.
fn limits(process: u32) -> (String, String) {
    let text = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

#[tokio::test]
async fn a_low_limit_of_the_shell_is_raised_to_the_systems() {
    let daemon = limited("ulimit -Sn 200").await;
    let (soft, hard) = limits(daemon.id());
    assert_eq!(soft, hard);
    assert_ne!(soft, "200");
}

#[tokio::test]
async fn a_limit_that_can_not_be_raised_is_warned_of() {
    let daemon = limited("ulimit -n 1024").await;
    let line = daemon.wait_for_log("fewer file descriptors", SOON).await;
    assert!(line.contains("WARN") && line.contains("given=1024"), "{line}");
}
