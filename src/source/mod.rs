//! What is captured: one file per kind of source.

mod spec;

pub use spec::{AudioKind, AudioSpec, Region, Spec, VideoKind, VideoSpec};
