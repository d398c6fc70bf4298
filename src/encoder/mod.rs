//! How pictures and sound are encoded: which element, set up how, asked for keyframes when.

mod settings;

pub use settings::{ElementChoice, Settings};
