//! What a file of each kind has to stand. A kind says in [`Kind`] how it is written and read; [`trials`] makes tests of it.

mod broken;
mod cut;
mod film;
mod whole;
mod writing;

use std::{
    fmt::{Debug, Display},
    time::Duration,
};

use proptest::prelude::*;

pub(crate) use self::{
    broken::*,
    cut::*,
    film::{Film, found, repaired, scanned},
    whole::*,
    writing::*,
};
use super::{Block, BlockError, Ending, Scan, Track};

/// A kind of file, as the one who writes it.
pub(crate) trait Kind: Sized {
    /// What can be wrong with it.
    type Fault: Debug + Display + PartialEq;
    /// Bytes that could be taken for something else than a frame's.
    const NOISE: &[u8];
    /// How many bytes of a file make it one of this kind.
    const BEGINNING: usize;
    /// Whether a byte can't change without being seen.
    const HAS_CHECKSUMS: bool;

    /// A writer, and the first bytes of its file.
    fn begin(tracks: Vec<Track>) -> (Self, Vec<u8>);
    fn push(&mut self, block: Block<Vec<u8>>) -> Result<Option<Vec<u8>>, BlockError>;
    fn flush(&mut self) -> Option<Vec<u8>>;
    fn finish(self, end: Duration) -> Ending;
    /// What a file holds, or why nothing can be said of it.
    fn scan(bytes: &[u8]) -> Result<Scan<Self::Fault>, String>;
}

/// Makes a test of each trial, for one kind.
macro_rules! trials {
    ($kind:ty) => {
        $crate::container::tests::trials! { $kind:
            frames_are_read_as_they_were_written
            repairing_gives_the_ending_that_the_writer_gives

            a_cut_file_loses_its_last_part_wherever_it_is_cut
            a_finished_file_that_is_cut_is_finished_anew
            a_torn_file_says_where
            an_ending_may_be_patched_in_part
            a_file_may_end_in_zeros_as_after_a_power_cut
            any_cut_loses_no_part_before_it

            a_changed_byte_costs_one_part_at_most
            lost_bytes_amid_parts_become_free
            bytes_that_are_missing_cost_what_they_were_of
            any_bytes_are_read_to_an_end
            changed_bytes_are_read_to_an_end

            a_part_lasts_a_second_at_most
            a_keyframe_begins_a_part_but_not_each_when_all_are
            tracks_that_lag_by_seconds_make_no_more_parts
            what_is_much_is_written_early
            a_frame_that_can_not_be_written_leaves_the_others_alone
        }
    };
    ($kind:ty: $($trial:ident)+) => {
        $(
            #[test]
            fn $trial() {
                $crate::container::tests::$trial::<$kind>();
            }
        )+
    };
}
pub(crate) use trials;

/// So many inputs of a test, which are not written down where they fail: they are printed.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
