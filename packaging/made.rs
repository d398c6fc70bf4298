//! What is made for a package: a manual page of each command, completions for shells, and what is said of others' work in the
//! program. `cargo run --example made FOLDER` writes it there.

mod manual;
mod notices;

use std::{error::Error, fs, io, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("expected one argument: the folder to write to");
        return ExitCode::from(64);
    };
    match write(folder.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    begin_anew(folder)?;
    manual::write(folder)?;
    notices::write(folder)
}

/// An empty folder: pages of commands that are no more would be packaged, too.
fn begin_anew(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}
