//! Recordings, as far as they are decided and told without touching a disk: what files and folders are called, what is
//! noted of each segment, and which segments have to go.
//!
//! A recording is what one peer (or the member itself) sent while it was connected, in segments: files of a few minutes
//! each, with a manifest beside each.

pub mod chain;
mod digest;
mod file_name;
pub mod manifest;
pub mod naming;
pub mod retention;
mod stem;
mod wall_time;

pub use digest::Sha256Hex;
pub use file_name::{FileName, FileNameError};
pub use stem::{Stem, StemError};
pub use wall_time::{WallTime, WallTimeError};
