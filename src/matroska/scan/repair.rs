//! What makes a whole file of an interrupted one.

use std::{ops::Range, time::Duration};

use crate::{
    container::{Patch, Repair},
    matroska::{
        element::void_head,
        ending::{Places, ending},
        index::Index,
    },
};

/// What makes a whole file of one that is whole as far as `whole`, but for the gaps, and lasts to `end`.
pub(super) fn repair(places: Places, index: &Index, end: Duration, whole: u64, gaps: &[Range<u64>]) -> Repair {
    let mut ending = ending(places, index, end, Vec::new(), whole);
    let voids = gaps.iter().map(|gap| (gap.start, gap.end - gap.start));
    // Nothing is shorter than two bytes; players look for the next element by themselves.
    let voids = voids.filter(|(_, length)| *length >= 2);
    let voids = voids.map(|(offset, length)| Patch { offset, bytes: void_head(length) });
    ending.patches = voids.chain(ending.patches).collect();
    Repair { truncate_to: whole, ending }
}
