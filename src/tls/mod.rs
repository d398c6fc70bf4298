//! TLS as a client: whom it trusts, and what a handshake that failed means.

mod anchors;
mod refusal;
mod verifier;

pub use anchors::{Anchors, TrustError};
pub(crate) use refusal::{OF_SSL_CERT_FILE, explain};
