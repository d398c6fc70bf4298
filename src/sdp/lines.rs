//! A description's text, cut into lines and `m=` sections. Nothing of their meaning is known here.

use super::{Excerpt, SdpError};

/// The longest description that is looked at. A browser's has 10 KiB.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// The longest line.
pub(super) const MAX_LINE_BYTES: usize = 4 * 1024;
/// The most `m=` sections. A browser with camera, microphone, screen and data channel has four.
pub(super) const MAX_SECTIONS: usize = 8;

/// A description in pieces.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    /// `o=`'s value; empty without one.
    pub(super) origin: &'a str,
    /// The attributes before the first `m=` line.
    pub(super) session: Vec<Attribute<'a>>,
    /// The sections in order; at least one.
    pub(super) sections: Vec<SectionLines<'a>>,
}

/// An `m=` line and the attributes that follow it.
#[derive(Debug)]
pub(super) struct SectionLines<'a> {
    /// `m=`'s value.
    pub(super) media: &'a str,
    /// The attributes.
    pub(super) attributes: Vec<Attribute<'a>>,
}

/// `a=name:value`, or `a=name` with an empty value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    /// Before the colon.
    pub(super) name: &'a str,
    /// Behind it.
    pub(super) value: &'a str,
}

impl<'a> Lines<'a> {
    /// Cuts `text` into pieces. `c=`, `b=` and the like are left out: ICE decides where packets go.
    pub(super) fn parse(text: &'a str) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError::TooLong(text.len()));
        }
        let mut lines = Self { origin: "", session: Vec::new(), sections: Vec::new() };
        let mut versioned = false;
        for (index, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let (letter, value) = letter_and_value(index + 1, line)?;
            if !versioned {
                if line != "v=0" {
                    return Err(SdpError::NotSdp);
                }
                versioned = true;
            }
            match letter {
                b'm' if lines.sections.len() == MAX_SECTIONS => return Err(SdpError::TooManySections),
                b'm' => lines.sections.push(SectionLines { media: value, attributes: Vec::new() }),
                b'o' if lines.sections.is_empty() => lines.origin = value,
                b'a' => lines.current().push(Attribute::parse(value)),
                _ => {}
            }
        }
        match (versioned, lines.sections.is_empty()) {
            (false, _) => Err(SdpError::NotSdp),
            (true, true) => Err(SdpError::NoSections),
            (true, false) => Ok(lines),
        }
    }

    fn current(&mut self) -> &mut Vec<Attribute<'a>> {
        match self.sections.last_mut() {
            Some(section) => &mut section.attributes,
            None => &mut self.session,
        }
    }
}

impl<'a> Attribute<'a> {
    fn parse(value: &'a str) -> Self {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        Self { name: name.trim(), value: value.trim() }
    }
}

fn letter_and_value(number: usize, line: &str) -> Result<(u8, &str), SdpError> {
    if line.len() > MAX_LINE_BYTES {
        return Err(SdpError::LineTooLong { line: number, bytes: line.len() });
    }
    if line.chars().any(char::is_control) {
        return Err(SdpError::Control { line: number });
    }
    match line.as_bytes() {
        [letter, b'=', ..] if letter.is_ascii_lowercase() => Ok((*letter, &line[2..])),
        _ => Err(SdpError::NotALine { line: number, got: Excerpt::new(line) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_belong_to_the_section_above_them() {
        let text =
            "v=0\r\no=- 1 2 IN IP4 0.0.0.0\na=ice-lite\r\nm=audio 9 P 0\r\na=mid:a\r\nm=video 9 P 1\r\na=rtcp-mux\r\n";
        let lines = Lines::parse(text).unwrap();
        assert_eq!(lines.origin, "- 1 2 IN IP4 0.0.0.0");
        assert_eq!(lines.session[0].name, "ice-lite");
        assert_eq!((lines.sections[0].media, lines.sections[0].attributes[0].value), ("audio 9 P 0", "a"));
        assert_eq!((lines.sections[1].attributes[0].name, lines.sections[1].attributes[0].value), ("rtcp-mux", ""));
    }

    #[test]
    fn a_text_that_is_no_sdp_is_refused() {
        for text in ["", "\r\n", "hello", "m=audio 9 P 0", "o=v=0", "v=1\r\nm=audio 9 P 0"] {
            assert!(matches!(Lines::parse(text), Err(SdpError::NotSdp | SdpError::NotALine { .. })), "{text:?}");
        }
        assert_eq!(Lines::parse("v=0\r\ns=-\r\n").unwrap_err(), SdpError::NoSections);
    }

    #[test]
    fn sizes_have_limits() {
        let long = format!("v=0\r\ns={}\r\n", "x".repeat(MAX_BYTES));
        assert_eq!(Lines::parse(&long).unwrap_err(), SdpError::TooLong(long.len()));
        let line = format!("v=0\r\ns={}\r\n", "x".repeat(MAX_LINE_BYTES - 1));
        assert_eq!(Lines::parse(&line).unwrap_err(), SdpError::LineTooLong { line: 2, bytes: MAX_LINE_BYTES + 1 });
        let many = format!("v=0\r\n{}", "m=audio 9 P 0\r\n".repeat(MAX_SECTIONS + 1));
        assert_eq!(Lines::parse(&many).unwrap_err(), SdpError::TooManySections);
    }

    #[test]
    fn a_control_character_ends_it() {
        for text in ["v=0\r\ns=a\0b\r\n", "v=0\r\ns=a\rb\r\n", "v=0\r\na=x\ty\r\n", "v=0\r\na=x\u{85}y\r\n"] {
            assert_eq!(Lines::parse(text).unwrap_err(), SdpError::Control { line: 2 }, "{text:?}");
        }
    }
}
