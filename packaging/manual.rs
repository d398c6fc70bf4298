//! What is made of the command line for a package: a manual page of each command, and completions for shells.
//! `cargo run --example manual FOLDER` writes `man/` and `completions/` there.

use std::{fs, io, path::Path, process::ExitCode};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use peergate::cli::Cli;

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

fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    begin_anew(&man)?;
    begin_anew(&completions)?;
    let mut program = Cli::command();
    program.build();
    write_pages(&program, &man)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Cli::command(), "peergate", &completions)?;
    }
    Ok(())
}

/// An empty folder: pages of commands that are no more would be packaged, too.
fn begin_anew(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

/// The page of `command`, and those of the commands within it.
fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let page = Man::new(command.clone()).source(concat!("peergate ", env!("CARGO_PKG_VERSION")));
    page.manual("User Commands").generate_to(folder)?;
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| write_pages(command, folder))
}
