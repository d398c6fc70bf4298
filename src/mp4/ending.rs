//! What makes a recording a whole file: where its keyframes are, and how long it is.

use std::time::Duration;

use super::{boxes::WriteBoxes, four_cc::FourCc, index::Index, scale::Scale};
use crate::container::{Ending, Patch};

/// How long an mehd of version 1 is; free space of this length holds its place.
pub(super) const MEHD_LENGTH: usize = 20;

/// What of a header an ending changes, in bytes from the file's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// Where mvex has room for an mehd of [`MEHD_LENGTH`].
    pub(super) mehd: u64,
}

/// The ending of a file that lasts to `end`, whose last fragment is `last`, not appended yet.
pub(super) fn ending(places: Places, index: &Index, end: Duration, last: Vec<u8>) -> Ending {
    let mut append = last;
    index.write(&mut append);
    let mut mehd = Vec::new();
    mehd.full_box(FourCc::MEHD, 1, 0, |mehd| mehd.u64(Scale::MOVIE.ticks(end).max(SHORTEST)));
    Ending { append, patches: vec![Patch { offset: places.mehd, bytes: mehd }] }
}

/// What a file lasts at least, in ticks of the movie: 0 would say that nobody knows.
const SHORTEST: u64 = 1;
