//! What files of frames have in common, whatever kind they are: their tracks, a frame on its way into one, and what is done to
//! one at its end. [`matroska`](crate::matroska) and [`mp4`](crate::mp4) write and read them. Pure.

mod block;
mod ending;
mod track;

pub use block::{Block, BlockError};
pub use ending::{Ending, NotOurs, Patch, Repair};
pub use track::{Shape, Track, TrackError};
