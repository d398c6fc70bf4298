//! What files of frames have in common, whatever kind they are: their tracks, a frame on its way into one, what is done to
//! one at its end, and how one is read and told of. [`matroska`](crate::matroska) and [`mp4`](crate::mp4) write and read them.
//! Pure.

mod block;
mod damage;
mod ending;
mod losses;
mod reader;
mod scan;
mod scanned_track;
mod track;

pub use block::{Block, BlockError};
pub use damage::Damage;
pub(crate) use damage::Stop;
pub use ending::{Ending, NotOurs, Patch, Repair};
pub(crate) use losses::Losses;
pub(crate) use reader::Reader;
pub use scan::Scan;
pub(crate) use scanned_track::Count;
pub use scanned_track::ScannedTrack;
pub use track::{Shape, Track, TrackError};

#[cfg(test)]
pub(crate) mod tests;
