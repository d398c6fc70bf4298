//! What goes over data channels.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

/// A message of a data channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Message {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Bytes.
    Binary {
        /// The bytes; base64 on the wire.
        #[serde(rename = "base64", serialize_with = "base64_text")]
        bytes: Vec<u8>,
    },
}

impl Message {
    /// The longest, in bytes: what both sides of a data channel count on where neither says more (RFC 8841, section 6.1:
    /// `max-message-size`).
    pub const MAX_BYTES: usize = 64 * 1024;

    /// What travels.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text { text } => text.as_bytes(),
            Self::Binary { bytes } => bytes,
        }
    }
}

fn base64_text<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}
