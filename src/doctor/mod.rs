//! `peergate doctor`: what works here, what does not, and what helps.

mod encoders;

pub use self::encoders::{Encoders, Found, encoders};
