//! What `--help` says, word for word: whoever scripts against it sees each change here.

use super::common::daemon::{command, run_to_end};

fn help(arguments: &[&str]) -> String {
    let mut command = command(arguments);
    command.env("COLUMNS", "100");
    let ended = run_to_end(command);
    assert!(ended.status.success(), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn of_the_program() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn of_run() {
    insta::assert_snapshot!(help(&["run", "--help"]));
}

#[test]
fn of_check() {
    insta::assert_snapshot!(help(&["check", "--help"]));
}

#[test]
fn of_relay() {
    insta::assert_snapshot!(help(&["relay", "--help"]));
}

#[test]
fn of_ctl() {
    insta::assert_snapshot!(help(&["ctl", "--help"]));
}

#[test]
fn of_recordings() {
    insta::assert_snapshot!(help(&["recordings", "--help"]));
}

#[test]
fn of_doctor() {
    insta::assert_snapshot!(help(&["doctor", "--help"]));
}

#[test]
fn of_devices() {
    insta::assert_snapshot!(help(&["devices", "--help"]));
}
