//! How pictures and sound are encoded: which element, set up how.

mod catalogue;
mod entry;
mod knob;
mod lineup;
mod running;
mod settings;
mod target;

pub use catalogue::catalogue;
pub use entry::{BitrateRule, Encoder, Place, Row, Unit};
pub use knob::KnobError;
pub use lineup::{Candidates, Lineup, LineupError};
pub use running::{EncodeError, Encoding};
pub use settings::{CodecChoice, ElementChoice, Settings};
pub use target::{Picture, Target};
