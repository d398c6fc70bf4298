//! What makes a whole file of an interrupted one.

use super::Scan;
use crate::{
    container::{NotOurs, Patch, Repair},
    matroska::{element::void_head, ending::ending},
};

impl Scan {
    /// What makes a whole file of it: what is torn at its end is cut off, what is lost in its midst is marked as void, and it
    /// gets the ending that was not written.
    pub fn repair(&self) -> Result<Repair, NotOurs> {
        let places = self.places.ok_or(NotOurs)?;
        let mut ending = ending(places, &self.index, self.end(), Vec::new(), self.whole);
        let voids = self.gaps.iter().map(|gap| (gap.start, gap.end - gap.start));
        // Nothing is shorter than two bytes; players look for the next element by themselves.
        let voids = voids.filter(|(_, length)| *length >= 2);
        let voids = voids.map(|(offset, length)| Patch { offset, bytes: void_head(length) });
        ending.patches = voids.chain(ending.patches).collect();
        Ok(Repair { truncate_to: self.whole, ending })
    }
}
