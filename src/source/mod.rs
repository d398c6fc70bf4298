//! What is captured: one file per kind of source.

mod camera;
mod caps;
mod capture;
mod decoding;
pub mod devices;
mod error;
mod file;
mod format;
pub mod marks;
mod mode;
mod passthrough;
mod plan;
mod screen;
mod slate;
mod sound;
mod sound_clock;
pub mod sound_server;
mod spec;
pub mod strip;
pub mod survey;
mod test;
mod usb;

pub use capture::Capture;
pub use decoding::Decoding;
pub use error::SourceError;
pub use format::{Format, Rates, Sizes};
pub use passthrough::Trust;
pub use slate::Slate;
pub use sound_server::SoundServer;
pub use spec::{AudioKind, AudioSpec, Region, Spec, VideoKind, VideoSpec};
pub use usb::{ResetError, reset};
