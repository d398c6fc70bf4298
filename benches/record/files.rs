//! What lies in a folder of recordings, and what others find in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use peergate::{
    codec::MediaKind,
    recording::manifest::{Manifest, State, Track},
};

use crate::scene;

/// A segment.
pub(crate) struct File {
    path: PathBuf,
    pub(crate) manifest: Manifest,
}

/// All segments of a folder.
pub(crate) fn of(folder: &Path) -> Vec<File> {
    let peers = entries(folder).iter().flat_map(|member| entries(member)).collect::<Vec<_>>();
    let files = peers.iter().flat_map(|peer| entries(peer));
    let manifests = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| {
        let manifest = Manifest::read(&fs::read(&path).unwrap()).unwrap();
        let folder = path.parent().unwrap();
        File { path: folder.join(&manifest.file), manifest }
    };
    manifests.map(read).collect()
}

impl File {
    /// What is wrong with it: it is not whole, frames are missing between its first and its last, or ffprobe complains.
    pub(crate) fn faults(&self) -> Vec<String> {
        let Manifest { state, tracks, gaps, .. } = &self.manifest;
        let mut faults = Vec::new();
        if *state != State::Finished {
            faults.push(format!("it is {state:?}"));
        }
        if !gaps.listed().is_empty() {
            faults.push(format!("it has {} gaps", gaps.listed().len()));
        }
        if tracks.len() != 2 {
            faults.push(format!("it has {} tracks", tracks.len()));
        }
        faults.extend(tracks.iter().filter_map(|track| {
            let expected = expected(track);
            (track.frames != expected)
                .then(|| format!("of {expected} frames of {} it has {}", track.codec, track.frames))
        }));
        let looked = Command::new("ffprobe")
            .args(["-v", "warning", "-show_packets", "-of", "compact"])
            .arg(&self.path)
            .output()
            .expect("ffprobe of the package ffmpeg");
        faults.extend(String::from_utf8_lossy(&looked.stderr).lines().map(str::to_owned));
        let packets = String::from_utf8_lossy(&looked.stdout).lines().count() as u64;
        let frames: u64 = tracks.iter().map(|track| track.frames).sum();
        if packets != frames {
            faults.push(format!("ffprobe finds {packets} of {frames} frames"));
        }
        faults.iter().map(|fault| format!("{}: {fault}", self.path.display())).collect()
    }
}

/// How many frames were sent from a track's first to its last.
fn expected(track: &Track) -> u64 {
    let rate = if track.kind == MediaKind::Video { scene::PICTURES } else { scene::SOUNDS };
    let time = track.last.unwrap_or_default().saturating_sub(track.first.unwrap_or_default());
    (time.as_secs_f64() * f64::from(rate)).round() as u64 + u64::from(track.frames > 0)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.collect()
}
