//! What is made of the command line: `man/` and `completions/`.

use std::{fs, io, path::Path};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use peergate::cli::Cli;

/// Writes both folders into `folder`.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir(&man)?;
    fs::create_dir(&completions)?;
    let mut program = Cli::command();
    program.build();
    write_pages(&program, &man)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Cli::command(), "peergate", &completions)?;
    }
    Ok(())
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
