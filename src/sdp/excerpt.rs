//! A piece of what a peer sent, made fit for a log line.

use std::{fmt, net::IpAddr};

/// How much of a peer's text an error shows, in characters.
const SHOWN: usize = 24;

/// A piece of a peer's text: short, on one line, and never an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    pub(super) fn new(text: &str) -> Self {
        if text.split([' ', ',', '\t', '=']).any(is_address) {
            return Self("(an address)".to_owned());
        }
        let shown: String = text.chars().take(SHOWN).collect();
        let more = if shown.len() < text.len() { "..." } else { "" };
        Self(format!("\"{}{more}\"", shown.escape_default()))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a word could tell where the peer is: an address, an mDNS name, or an address with something around it.
fn is_address(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_ascii_hexdigit() && c != ':');
    bare.parse::<IpAddr>().is_ok()
        || word.matches('.').count() >= 3
        || word.matches(':').count() >= 2
        || word.to_ascii_lowercase().contains(".local")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_control_characters_escaped() {
        assert_eq!(Excerpt::new("a\r\nb\u{1b}[31m").to_string(), r#""a\r\nb\u{1b}[31m""#);
        assert_eq!(Excerpt::new(&"x".repeat(100)).to_string(), format!("\"{}...\"", "x".repeat(24)));
    }

    #[test]
    fn addresses_are_not_shown() {
        for text in
            ["192.0.2.1", "udp 192.0.2.1 9", "2001:db8::1", "[2001:db8::1]:5", "192.0.2.1:80", "A-B.LOCAL", "x=::1"]
        {
            assert_eq!(Excerpt::new(text).to_string(), "(an address)", "{text}");
        }
    }
}
