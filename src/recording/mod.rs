//! Recordings, as far as they are decided and told without touching a disk: which frames go into which file, what files and
//! folders are called, what is noted of each segment, and which segments have to go. Pure.
//!
//! A recording is what one peer (or the member itself) sent while it was connected, in segments: files of a few minutes
//! each, with a manifest beside each.

pub mod chain;
mod container;
mod cutter;
mod digest;
mod file_name;
pub mod frame;
mod kept;
pub mod manifest;
pub mod naming;
pub mod retention;
mod ring;
mod segment;
mod settings;
pub mod shelf;
mod stem;
mod track;
mod wall_time;

pub use self::{
    container::{Container, Found, Unreadable},
    cutter::{Cutter, Limits, Output},
    digest::Sha256Hex,
    file_name::{FileName, FileNameError},
    kept::Kept,
    retention::Policy,
    ring::Ring,
    segment::{Account, Ended, Opening},
    settings::{Settings, Wanted},
    shelf::Shelf,
    stem::{Stem, StemError},
    wall_time::{WallTime, WallTimeError},
};
