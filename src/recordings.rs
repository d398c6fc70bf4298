//! `peergate recordings`: what is in the folder of recordings, for people and for programs.

use std::{
    io::{self, Write},
    time::Duration,
};

use crate::{
    recorder::{Archive, DiskError, Mended, Verdict},
    recording::{Kept, manifest::State},
};

/// Prints what is kept, on `out`; what can't be read goes to stderr.
///
/// # Errors
/// When nobody reads.
pub fn list(archive: &Archive, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    let (kept, wrong) = archive.list();
    for wrong in wrong {
        eprintln!("{wrong}");
    }
    if as_json {
        serde_json::to_writer_pretty(&mut *out, &kept)?;
        return writeln!(out);
    }
    if kept.is_empty() {
        eprintln!("nothing is recorded there");
        return Ok(());
    }
    writeln!(out, "{:<20} {:>9} {:>9}  {:<11} {:<10} FILE", "BEGUN", "LENGTH", "SIZE", "CODECS", "STATE")?;
    for kept in &kept {
        let codecs: Vec<_> = kept.codecs.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "{:<20} {:>9} {:>9}  {:<11} {:<10} {}",
            kept.begun.to_string().split('.').next().unwrap_or_default(),
            length(kept),
            size(kept.bytes),
            codecs.join("+"),
            state(kept),
            kept.file,
        )?;
    }
    Ok(())
}

/// Compares everything with its manifests, and prints what is wrong on `out`. Whether nothing is.
///
/// # Errors
/// When nobody reads.
pub fn verify(archive: &Archive, out: &mut impl Write) -> io::Result<bool> {
    let Verdict { segments, unfinished, faults } = archive.verify();
    for fault in &faults {
        writeln!(out, "{fault}")?;
    }
    for file in &unfinished {
        writeln!(out, "{file}: not sealed: it is being written, or 'peergate recordings repair' mends it")?;
    }
    writeln!(out, "{segments} segments; {} not sealed, {} faults", unfinished.len(), faults.len())?;
    Ok(faults.is_empty())
}

/// Mends what was cut off, and prints what became of it on `out`.
///
/// # Errors
/// In words, when the folder can't be written to, or nobody reads.
pub fn repair(archive: &Archive, out: &mut impl Write) -> Result<(), RepairError> {
    let mended = archive.repair()?;
    for Mended { file, outcome } in &mended {
        let state = match outcome {
            Ok(state) => state,
            Err(why) => {
                writeln!(out, "{file}: it can't be read, or not written: {why}")?;
                continue;
            }
        };
        let became = match state {
            Some(State::Recovered) => "mended: it plays to where it was cut off".to_owned(),
            Some(State::Finished) => "it was whole already".to_owned(),
            Some(State::Incomplete { why }) => format!("can't be mended: {why}"),
            Some(State::Recording) | None => "there was no file; its manifest is removed".to_owned(),
        };
        writeln!(out, "{file}: {became}")?;
    }
    writeln!(out, "{} segments were cut off", mended.len())?;
    Ok(())
}

/// Why a folder is not repaired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// It can't be written to, or a daemon records there.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Nobody reads what is said.
    #[error("what is said can't be written: {0}")]
    Output(#[from] io::Error),
}

const fn state(kept: &Kept) -> &'static str {
    match kept.state {
        State::Recording => "recording",
        State::Finished => "finished",
        State::Recovered => "recovered",
        State::Incomplete { .. } => "incomplete",
    }
}

/// `1:02:03`
fn length(kept: &Kept) -> String {
    let Some(length) = kept.duration_ms.map(Duration::from_millis) else { return "-".to_owned() };
    let seconds = length.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `12.3 MB`
fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
