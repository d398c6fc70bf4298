//! A message as programs write it: JSON with a text, or with bytes in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::report::Message;

/// A message to be sent: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// A text.
    pub text: Option<String>,
    /// Bytes (RFC 4648, padded).
    pub base64: Option<String>,
}

/// Why it can't be sent. That is the doing of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// Not what was expected.
    #[error("expected text or base64, got {0}")]
    Form(&'static str),
    /// No base64.
    #[error("expected base64 (RFC 4648, padded): {0}")]
    Base64(#[from] base64::DecodeError),
    /// webrtcbin 1.22 can't send one, and a peer can't tell it from none.
    #[error("expected a message of one byte or more, got an empty one")]
    Empty,
    /// Browsers would not take it.
    #[error("expected a message of at most {max} bytes, got one of {0}", max = Message::MAX_BYTES)]
    TooLarge(usize),
}

impl TryFrom<Written> for Message {
    type Error = Unsendable;

    fn try_from(written: Written) -> Result<Self, Unsendable> {
        let message = match written {
            Written { text: Some(text), base64: None } => Self::Text { text },
            Written { text: None, base64: Some(encoded) } => Self::Binary { bytes: STANDARD.decode(encoded)? },
            Written { text: Some(_), base64: Some(_) } => return Err(Unsendable::Form("both")),
            Written { text: None, base64: None } => return Err(Unsendable::Form("neither")),
        };
        match message.as_bytes().len() {
            0 => Err(Unsendable::Empty),
            length if length > Message::MAX_BYTES => Err(Unsendable::TooLarge(length)),
            _ => Ok(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: &str) -> Result<Message, Unsendable> {
        serde_json::from_str::<Written>(json).unwrap().try_into()
    }

    #[test]
    fn a_text_or_bytes_is_a_message() {
        assert_eq!(message(r#"{"text": "grüezi"}"#), Ok(Message::Text { text: "grüezi".into() }));
        assert_eq!(message(r#"{"base64": "AP8="}"#), Ok(Message::Binary { bytes: vec![0, 255] }));
    }

    #[test]
    fn what_can_not_be_sent_is_named() {
        let longest = |bytes| message(&format!(r#"{{"text": "{}"}}"#, "x".repeat(bytes)));
        assert!(longest(Message::MAX_BYTES).is_ok());
        let texts = [
            (longest(Message::MAX_BYTES + 1), "at most 65536 bytes, got one of 65537"),
            (message("{}"), "got neither"),
            (message(r#"{"text": "a", "base64": "AA=="}"#), "got both"),
            (message(r#"{"text": ""}"#), "got an empty one"),
            (message(r#"{"base64": "?"}"#), "RFC 4648"),
        ];
        for (outcome, expected) in texts {
            let said = outcome.unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
