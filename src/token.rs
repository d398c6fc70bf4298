//! The control token: what a program shows to be let in. Pure.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::redact::Redacted;

/// The fewest characters. Whoever reaches the port can try tokens for as long as they like.
const FEWEST: usize = 16;

/// A token, as it is sent in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(Redacted<String>);

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It could be guessed.
    #[error("expected a token of {FEWEST} characters or more, got {0}; `openssl rand -base64 32` makes one")]
    Short(usize),
    /// It could not be sent.
    #[error("expected a token of letters, digits and signs without a space in it (ASCII 0x21 to 0x7E), got another")]
    Foreign,
}

impl Token {
    /// Takes `text` as a token. Spaces at its ends are none of it, as they are none of a header's value.
    ///
    /// # Errors
    /// When it is too short, or holds what can't be sent.
    pub fn new(text: &Redacted<String>) -> Result<Self, InvalidToken> {
        let token = text.reveal().trim_ascii();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken::Foreign);
        }
        match token.len() {
            characters if characters < FEWEST => Err(InvalidToken::Short(characters)),
            _ => Ok(Self(Redacted::new(token.to_owned()))),
        }
    }

    /// Whether somebody has sent this one.
    pub(crate) fn is(&self, sent: &[u8]) -> bool {
        // Hashes have one length, so that the time taken tells nothing of the token, not even that.
        Sha256::digest(sent.trim_ascii()).ct_eq(&Sha256::digest(self.0.reveal())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, InvalidToken> {
        Token::new(&Redacted::new(text.to_owned()))
    }

    #[test]
    fn spaces_at_its_ends_keep_nobody_out() {
        let token = token(" 0123456789abcde! \r\n").unwrap();
        assert!(token.is(b"0123456789abcde!") && token.is(b" 0123456789abcde! "));
        assert!(!token.is(b"0123456789abcde") && !token.is(b""));
    }

    #[test]
    fn what_can_be_guessed_or_not_be_sent_is_none() {
        assert_eq!(token("0123456789abcde"), Err(InvalidToken::Short(15)));
        assert_eq!(token(""), Err(InvalidToken::Short(0)));
        for text in ["0123456789 abcdef", "0123456789\tabcdef", "0123456789abcdéf", "0123456789\u{7f}abcdef"] {
            assert_eq!(token(text), Err(InvalidToken::Foreign), "{text:?}");
        }
    }
}
