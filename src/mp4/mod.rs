//! Fragmented MP4 files as bytes (ISO/IEC 14496-12, the ISO base media file format, and what 14496-15 and the bindings of
//! AV1, VP9 and Opus add): written so that whatever breaks off the writing costs the last fragment at most, read so that any
//! bytes can be told for what they are, and repaired. The twin of [`matroska`](crate::matroska).
//!
//! [`Writer`] gives a header, then whole fragments of a second at most, each to be appended in one write; an
//! [`Ending`](crate::container::Ending) makes the file one that says how long it is and where its keyframes are. [`scan()`]
//! says what a file holds, and [`Scan::repair`](crate::container::Scan::repair) what gives an interrupted one its ending.
//!
//! A file as it is written, and what the ending changes in it:
//!
//! ```text
//! ftyp
//! moov                mvhd, trak ..., mvex
//!   mvex              free, trex ...  -> mehd: how long it lasts
//! moof, mdat ...
//!                                     -> mfra, appended: where its keyframes are
//! ```
//!
//! There is no sidx: FFmpeg, and Chromium with it, takes each fragment for one that begins with a keyframe where it has one.
//! Without it, they look at all of them once.
//!
//! Each fragment tells when its samples are decoded (tfdt), and each sample's length says when the next one is: players that
//! count lengths and those that believe tfdt come to the same time. So the last frame of a track waits for the next one; one
//! that comes alone goes with the fragment after. A track that says nothing has no traf.
//!
//! Pure: bytes in, bytes out. The file is somebody else's.

mod boxes;
mod ending;
mod four_cc;
mod fragment;
mod header;
mod index;
mod lane;
mod sample_entry;
mod scale;
mod scan;
mod writer;

pub use header::{Header, HeaderError, takes};
pub use scan::{Fault, ScanError, scan};
pub use writer::Writer;

#[cfg(test)]
mod tests;
