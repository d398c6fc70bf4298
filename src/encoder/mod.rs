//! How pictures and sound are encoded: which element, set up how.

mod catalogue;
mod running;
mod settings;

pub use catalogue::{Encoder, Lineup, LineupError, catalogue};
pub use running::{EncodeError, Encoding};
pub use settings::{ElementChoice, Settings};
