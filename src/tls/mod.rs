//! TLS, from both of its ends: whom we trust as a client, and what we show as a server.

mod anchors;
mod identity;
mod own;
mod pair;
mod refusal;
mod shown;
mod validity;
mod verifier;

pub use anchors::{Anchors, TrustError};
pub use identity::Identity;
pub use own::Own;
pub use pair::{Pair, PairError};
pub(crate) use refusal::{OF_SSL_CERT_FILE, explain};
pub use shown::Shown;
pub use validity::{Outlook, Validity};
