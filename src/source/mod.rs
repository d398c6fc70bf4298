//! What is captured: one file per kind of source.

mod capture;
mod spec;
mod test;

pub use capture::{Capture, SourceError};
pub use spec::{AudioKind, AudioSpec, Region, Spec, VideoKind, VideoSpec};
