//! The Debian package, made of the program that the tests run.

use std::{path::Path, process::Command};

use super::cargo;

/// Makes it, the package `file`, and what comes with the program.
pub(crate) fn make(file: &Path) {
    let folder = Path::new(env!("CARGO_BIN_EXE_peergate")).parent().unwrap();
    write_made(&folder.join("made"));
    run(Command::new("gzip").arg("--recursive").arg(folder.join("made/man")));
    // Not as small as one that is handed out: that takes a minute.
    run(&mut cargo("deb --quiet --offline --no-build --profile dev --strip --fast --output", file));
}

/// Writes what is made for it: manual pages, completions, licences of others.
pub(crate) fn write_made(folder: &Path) {
    run(&mut cargo("run --quiet --offline --example made --", folder));
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
