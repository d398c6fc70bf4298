//! Pins are written down one manifest at a time: a recording may have thousands, and others wait for room meanwhile.

use std::{collections::VecDeque, path::Path, sync::Arc};

use tokio::sync::{oneshot, watch};

use crate::{
    ids::RecordingId,
    recorder::{
        disk::{self, Folder},
        index::{self, UnreadableManifest},
        segment_file::manifest_path,
    },
    recording::{Kept, Shelf},
};

/// A recording to be pinned, or unpinned.
pub(in crate::recorder) struct Pin {
    pub(super) recording: RecordingId,
    pub(super) pinned: bool,
    /// Whether it runs: then it holds for the segments that come, too.
    pub(super) runs: bool,
    /// How many segments that are, once it is written down.
    pub(super) reply: oneshot::Sender<Result<usize, String>>,
}

/// The pins that are not written down yet, in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Pinning(VecDeque<Order>);

struct Order {
    pin: Pin,
    count: usize,
    /// The files whose manifests say something else.
    left: VecDeque<Arc<str>>,
    is_written: bool,
}

impl Pinning {
    /// What is kept of the recording counts as pinned, or not, from now on.
    pub(super) fn begin(&mut self, pin: Pin, shelf: &watch::Sender<Shelf>) {
        let theirs: Vec<Kept> = shelf.borrow().of_recording(&pin.recording).cloned().collect();
        let count = theirs.len().max(usize::from(pin.runs));
        let others: Vec<Kept> = theirs.into_iter().filter(|kept| kept.pinned != pin.pinned).collect();
        // The others get it into their manifests with their last word.
        let sealed = others.iter().filter(|kept| !kept.is_unsealed());
        let left = sealed.map(|kept| Arc::clone(&kept.file)).collect();
        mark(shelf, others, pin.pinned);
        self.0.push_back(Order { pin, count, left, is_written: false });
    }

    /// Whether there is nothing to do.
    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the next one down.
    pub(super) fn go_on(&mut self, folder: &Folder, shelf: &watch::Sender<Shelf>) {
        let Some(Order { pin, left, is_written, .. }) = self.0.front_mut() else { return };
        let outcome = match left.front() {
            Some(file) if shelf.borrow().segment(file).is_some() => {
                *is_written = true;
                write_down(file, pin.pinned, folder.path())
            }
            // It was removed meanwhile.
            Some(_) => Ok(()),
            // There may be no folder to bring to the disk.
            None if !*is_written => return self.end(Ok(()), shelf),
            // All of them at once: each by itself takes a disk some ms.
            None => return self.end(folder.sync().map_err(|error| error.to_string()), shelf),
        };
        match outcome {
            Ok(()) => drop(left.pop_front()),
            Err(error) => self.end(Err(error.to_string()), shelf),
        }
    }

    /// Answers the first one. What is not written down is as it was.
    fn end(&mut self, outcome: Result<(), String>, shelf: &watch::Sender<Shelf>) {
        let Some(Order { pin, count, left, .. }) = self.0.pop_front() else { return };
        let unwritten = left.iter().filter_map(|file| shelf.borrow().segment(file).cloned()).collect();
        mark(shelf, unwritten, !pin.pinned);
        if outcome.is_err() {
            // Who has asked for the same meanwhile has nothing left to write, and is as badly off.
            let is_same = |other: &Pin| other.recording == pin.recording && other.pinned == pin.pinned;
            let (same, others) = self.0.drain(..).partition(|order| is_same(&order.pin));
            self.0 = others;
            for order in Vec::from(same) {
                let _ = order.pin.reply.send(outcome.clone().map(|()| order.count));
            }
        }
        // Whoever asked may have given up.
        let _ = pin.reply.send(outcome.map(|()| count));
    }
}

fn mark(shelf: &watch::Sender<Shelf>, segments: Vec<Kept>, pinned: bool) {
    shelf.send_if_modified(|shelf| {
        let any = !segments.is_empty();
        for mut kept in segments {
            kept.pinned = pinned;
            shelf.insert(kept);
        }
        any
    });
}

fn write_down(file: &str, pinned: bool, folder: &Path) -> Result<(), UnreadableManifest> {
    let path = manifest_path(&folder.join(file));
    let (mut manifest, _) = index::manifest(&path)?;
    manifest.pinned = pinned;
    disk::replace(&path, &manifest.to_json(), false).map_err(|error| UnreadableManifest::File { path, error })
}
