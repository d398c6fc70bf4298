//! How pictures and sound are encoded: which element, set up how.
//!
//! The catalogue says which encoders there are, a trial whether one works here, the succession which one is used, and
//! its health whether it still should be.

mod cache;
mod catalogue;
mod contention;
mod entry;
mod health;
mod knob;
mod lineup;
mod machine;
mod pattern;
mod rehearsal;
mod running;
mod settings;
mod succession;
mod target;
mod throughput;
mod trial;
mod trials;

pub use catalogue::{Catalogue, CatalogueError};
pub use contention::held_up;
pub use entry::{Align, BitrateRule, Encoder, Hardware, KeyframeRule, Place, Row, Unit};
pub use health::{Health, Illness, Reading};
pub use knob::KnobError;
pub use lineup::{Candidates, Lineup, LineupError};
pub use machine::Device;
pub use pattern::Pattern;
pub use running::{EncodeError, Encoding};
pub use settings::{CodecChoice, ElementChoice, Settings};
pub use succession::{Merit, Pick, Succession};
pub use target::{Picture, Target};
pub use throughput::{Shortfall, Throughput};
pub use trial::{Fault, Report};
pub use trials::Trials;
