//! The Debian package, made of the program that the tests run.

use std::{path::Path, process::Command};

use super::cargo;

/// Writes manual pages and completions.
pub(crate) fn write_manual(folder: &Path) {
    run(&mut cargo("run --quiet --offline --example manual --", folder));
}

fn cargo(arguments: &str, last: &Path) -> Command {
    let mut command = Command::new("cargo");
    cargo::as_by_hand(command.args(arguments.split(' ')).arg(last));
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
