//! Mends segments that were cut off: by a crash, a power cut, or a disk that took no more.

use std::{
    fs::OpenOptions,
    io::{self, BufReader, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use tracing::info;

use super::{
    index, machine,
    segment_file::{Closed, manifest_path},
};
use crate::recording::{
    Found, Unreadable,
    manifest::{Manifest, State, Track},
};

/// Makes a whole file of the segment at `path`, whose manifest is `fresh` where it has lost its own. What is to be written beside it, and how far it has come; `None` where there
/// is no file.
///
/// # Errors
/// When the manifest can't be read, or the disk does not let it.
pub(super) fn mend(path: &Path, fresh: Option<&Manifest>) -> io::Result<Option<(Closed, State)>> {
    let mut manifest = match fresh {
        Some(fresh) => fresh.clone(),
        None => index::manifest(&manifest_path(path)).map_err(io::Error::other)?.0,
    };
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let state = match manifest.container.look(BufReader::new(&file)) {
        Ok(found) => {
            note(&mut manifest, &found);
            if found.is_whole {
                // Of what lost its manifest nobody knows what is missing.
                if fresh.is_some() { State::Recovered } else { State::Finished }
            } else if found.is_empty {
                State::incomplete("nothing was written before it was cut off")
            } else {
                match found.repair {
                    Ok(repair) => {
                        file.set_len(repair.truncate_to)?;
                        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
                        file.write_all(&repair.ending.append)?;
                        file.sync_data()?;
                        for patch in &repair.ending.patches {
                            file.write_all_at(&patch.bytes, patch.offset)?;
                        }
                        file.sync_data()?;
                        State::Recovered
                    }
                    Err(error) => State::incomplete(&error.to_string()),
                }
            }
        }
        Err(Unreadable::Io(error)) => return Err(error),
        Err(error) => State::incomplete(&error.to_string()),
    };
    manifest.bytes = file.metadata()?.len();
    if state != State::Finished {
        info!(file = %path.display(), ?state, "a segment that was cut off");
    }
    Ok(Some((Closed { path: path.to_owned(), manifest }, state)))
}

/// Says in the manifest what was found in the file.
fn note(manifest: &mut Manifest, found: &Found) {
    manifest.end = Some(machine::after(manifest.start, found.end));
    let known = std::mem::take(&mut manifest.tracks);
    let sizes = |number| known.iter().find(|one| one.number == number).map(|one| one.sizes.clone()).unwrap_or_default();
    manifest.tracks = found.tracks.iter().map(|track| Track { sizes: sizes(track.number), ..track.clone() }).collect();
}
