//! The Debian package, made of the program that the tests run.

use std::{path::Path, process::Command};

use super::cargo;

/// Makes it: manual pages, completions, and the package `file`.
pub(crate) fn make(file: &Path) {
    let folder = Path::new(env!("CARGO_BIN_EXE_peergate")).parent().unwrap();
    write_manual(&folder.join("manual"));
    run(Command::new("gzip").arg("--recursive").arg(folder.join("manual/man")));
    // Not as small as one that is handed out: that takes a minute.
    run(&mut cargo("deb --quiet --offline --no-build --profile dev --strip --fast --output", file));
}

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
