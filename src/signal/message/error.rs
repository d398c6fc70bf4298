//! What is wrong with a message.

use super::MAX_MESSAGE_BYTES;
use crate::ids::InvalidId;

/// Why what came is not a message of the room. It is its sender's doing; sending it again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// More than [`MAX_MESSAGE_BYTES`].
    #[error("expected a message of at most {MAX_MESSAGE_BYTES} bytes, got {0}")]
    TooLong(usize),
    /// Bytes that are no text.
    #[error("expected UTF-8 text, got bytes that are none from byte {0} on")]
    NotText(usize),
    /// Text that is no JSON.
    #[error("expected JSON, got something else: {0}")]
    NotJson(String),
    /// A field is not there.
    #[error("expected {expected} in `{field}`, got nothing")]
    Missing {
        /// Its path.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A field holds something else.
    #[error("expected {expected} in `{field}`, got {got}")]
    Wrong {
        /// Its path.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
        /// What is there, shortened.
        got: String,
    },
    /// A field's text is not an id.
    #[error("`{field}` is not an id: {error}")]
    Id {
        /// Its path.
        field: &'static str,
        /// What is wrong with it.
        error: InvalidId,
    },
    /// An event of an application that does not say who sent it. No fault: the relay carries whatever
    /// an application likes.
    #[error("an application's own event {0}, without a sender")]
    Foreign(String),
}
