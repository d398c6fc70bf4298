//! One remote peer: its pipeline with a `webrtcbin`, and the actor that owns it.
//!
//! Commands go in, events come out ([`crate::connection`]); what happens between is nobody else's business. It knows
//! GStreamer, and nothing of rooms or relays.

mod certificate;
mod settings;

pub use certificate::{Certificate, CertificateError};
pub use settings::{ChannelSettings, Settings};
