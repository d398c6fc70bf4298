//! The names of things: peers, members, sources, sessions, recordings.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

/// The longest id that is taken from a room, in bytes. The library's own ids have 20.
pub const MAX_ID_BYTES: usize = 256;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("expected an id, got an empty text")]
    Empty,
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("expected an id of at most {MAX_ID_BYTES} bytes, got {0}")]
    TooLong(usize),
    /// The text holds a control character.
    #[error("expected an id without control characters")]
    Control,
    /// The text holds a character that turns the direction of writing around.
    #[error("expected an id without characters that turn the direction of writing around, got U+{:04X}", u32::from(*.0))]
    Direction(char),
    /// The text is `.` or `..`.
    #[error("expected an id that a URL can name, got {0:?}: browsers and other programs take it out of a path")]
    Dots(&'static str),
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes `text` as an id.
            ///
            /// # Errors
            /// When it is empty, too long, `.` or `..`, or holds control characters or such that turn the direction of
            /// writing around.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                checked(text.as_ref()).map(|text| Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

id! {
    /// A peer's id in its room: ours, or a remote one's. Ordered by bytes, which decides who gives way
    /// when two gateways offer to each other.
    PeerId
}
id! {
    /// The name of a source in the configuration, as in `[video.front]`.
    SourceName
}
id! {
    /// A recording: all segments of what one side sent in one session.
    RecordingId
}
id! {
    /// The kernel's name for the time since one start of the machine; its clock that only goes forward began then.
    BootId
}

/// One connection to one peer. A peer that comes back under its old id is a new session, so what the
/// old one still reports is told apart from what the new one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Session(pub u64);

/// Where sessions get their numbers. Clones share one count, so that numbers are unique among all that
/// hold one.
#[derive(Debug, Clone, Default)]
pub struct Sessions(Arc<AtomicU64>);

impl Sessions {
    /// A number that was not given before.
    #[must_use]
    pub fn next(&self) -> Session {
        Session(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Which peer, and which connection to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerKey {
    /// The remote peer's id in the room.
    pub id: PeerId,
    /// The connection: unique within the process.
    pub session: Session,
}

/// Whether `letter` shows nothing itself and turns around what stands beside it (Unicode's property `Bidi_Control`).
pub(crate) const fn turns_around(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One appearance of ours in one room, from its start to its end: unique within the process. Others of ours may have its id
/// in other rooms, and one that takes its place has another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct MemberKey(pub u64);

/// Which of our members are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// All that there are.
    All,
    /// Those of this id, each in its room.
    Named(PeerId),
    /// This one alone.
    One(MemberKey),
}

impl Members {
    /// Whether the member with this key and id is meant.
    #[must_use]
    pub fn include(&self, key: MemberKey, id: &PeerId) -> bool {
        match self {
            Self::All => true,
            Self::Named(named) => named == id,
            Self::One(one) => *one == key,
        }
    }
}

impl From<Option<PeerId>> for Members {
    /// Those of an id; all, where none is said.
    fn from(id: Option<PeerId>) -> Self {
        id.map_or(Self::All, Self::Named)
    }
}

fn checked(text: &str) -> Result<&str, InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(InvalidId::TooLong(text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidId::Control);
    }
    // The rest of a line of the log or the dashboard would read backwards, and two ids could look the same.
    if let Some(letter) = text.chars().find(|letter| turns_around(*letter)) {
        return Err(InvalidId::Direction(letter));
    }
    // `/api/peers/../messages` would be `/api/messages`, which is for everybody (WHATWG URL, double-dot segments).
    if let Some(dots) = [".", ".."].into_iter().find(|dots| text == *dots) {
        return Err(InvalidId::Dots(dots));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_line_around_is_no_id() {
        for letter in ['\u{61c}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert_eq!(PeerId::new(format!("a{letter}b")), Err(InvalidId::Direction(letter)));
        }
        let told = PeerId::new("\u{202e}moc").unwrap_err().to_string();
        assert!(told.ends_with("got U+202E"), "{told}");
        // Whole words of any script are ids, and so are those that join what they are made of.
        for id in ["שלום", "می\u{200c}خواهم", "👩\u{200d}🚀"] {
            assert_eq!(PeerId::new(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_a_path_loses_is_no_id() {
        for dots in [".", ".."] {
            assert_eq!(PeerId::new(dots), Err(InvalidId::Dots(dots)));
        }
        for id in ["...", ".hidden", "a..b", "../..", "%2e%2e"] {
            assert_eq!(PeerId::new(id).unwrap().as_str(), id);
        }
    }
}
