//! The guard: what a room member sends as SDP or as a candidate becomes a type here, or an error that
//! says what is wrong with it. Nothing else reaches GStreamer. Pure.
//!
//! A description is read line by line (`lines`), each `m=` section is checked by itself (`section`), then all of
//! them together (`description`); what is handed on is written anew from what was understood (`write`), so a line
//! that nobody here knows never gets through. [`RemoteAnswer`] is held against our offer as well.
//!
//! [`local`] is the other direction: what webrtcbin leaves out of our own descriptions.

mod answer;
mod candidate;
mod description;
mod edit;
mod error;
mod excerpt;
mod fingerprint;
mod format;
mod lines;
pub mod local;
mod offer;
mod outline;
pub mod resend;
mod section;
mod source;
mod write;

pub use answer::RemoteAnswer;
pub use candidate::{CandidateError, IgnoredCandidate, ParsedCandidate, RemoteCandidate};
pub(crate) use edit::edit;
pub use error::{Place, SdpError};
pub use excerpt::Excerpt;
pub use fingerprint::{Fingerprint, HashAlgorithm, InvalidFingerprint};
pub use offer::RemoteOffer;
pub use outline::{Direction, Format, Outline, Section, SectionKind};
