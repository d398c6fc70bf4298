//! What makes a whole file of an interrupted one.

use super::Scan;
use crate::{
    container::{NotOurs, Patch, Repair},
    mp4::{boxes::free_head, ending::ending},
};

impl Scan {
    /// What makes a whole file of it: what is torn at its end is cut off, what is lost in its midst is marked as free, and it
    /// gets the ending that was not written.
    pub fn repair(&self) -> Result<Repair, NotOurs> {
        let places = self.places.ok_or(NotOurs)?;
        let mut ending = ending(places, &self.index, self.end(), Vec::new());
        let freed = self.gaps.iter().map(|gap| Patch { offset: gap.start, bytes: free_head(gap.end - gap.start) });
        ending.patches = freed.chain(ending.patches).collect();
        Ok(Repair { truncate_to: self.whole, ending })
    }
}
