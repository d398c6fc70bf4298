//! What makes a whole file of an interrupted one.

use super::Scan;
use crate::matroska::{
    element::void_head,
    ending::{Ending, Patch},
};

/// What is to be done to a file, in this order: cut it, append, patch. Where that breaks off, it can be done anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// How long it is to be before anything is appended, in bytes.
    pub truncate_to: u64,
    /// What it gets then.
    pub ending: Ending,
}

/// A file that has no room for an ending: another muxer wrote it. Most players play it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a file that was written here, got one without room for an ending; remuxing it may help")]
pub struct NotOurs;

impl Scan {
    /// What makes a whole file of it: what is torn at its end is cut off, what is lost in its midst is marked as void, and it
    /// gets the ending that was not written.
    pub fn repair(&self) -> Result<Repair, NotOurs> {
        let places = self.places.ok_or(NotOurs)?;
        let mut ending = Ending::new(places, &self.index, self.end(), Vec::new(), self.whole);
        let voids = self.gaps.iter().map(|gap| (gap.start, gap.end - gap.start));
        // Nothing is shorter than two bytes; players look for the next element by themselves.
        let voids = voids.filter(|(_, length)| *length >= 2);
        let voids = voids.map(|(offset, length)| Patch { offset, bytes: void_head(length) });
        ending.patches = voids.chain(ending.patches).collect();
        Ok(Repair { truncate_to: self.whole, ending })
    }
}
