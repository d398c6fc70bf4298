//! What makes a whole file of an interrupted one.

use std::{ops::Range, time::Duration};

use crate::{
    container::{Patch, Repair},
    mp4::{
        boxes::free_head,
        ending::{Places, ending},
        index::Index,
    },
};

/// What makes a whole file of one that is whole as far as `whole`, but for the gaps, and lasts to `end`.
pub(super) fn repair(places: Places, index: &Index, end: Duration, whole: u64, gaps: &[Range<u64>]) -> Repair {
    let mut ending = ending(places, index, end, Vec::new());
    let freed = gaps.iter().map(|gap| Patch { offset: gap.start, bytes: free_head(gap.end - gap.start) });
    ending.patches = freed.chain(ending.patches).collect();
    Repair { truncate_to: whole, ending }
}
