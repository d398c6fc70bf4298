//! Where a segment stands among those that are kept.

use std::{fmt, str::FromStr, sync::Arc};

use crate::recording::{Kept, WallTime};

/// The longest text, in bytes: two folders of 100 and a name, and to spare.
const MAX_BYTES: usize = 512;

/// Where a segment stands, whether it is there or not: by when it began, and of those that began together by file. As a text
/// it is `MS-FILE`, with when it began as Unix time in ms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    begun: WallTime,
    file: Arc<str>,
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected what was given as \"next\" with the page before, got {0:?}")]
pub struct PlaceError(String);

impl Place {
    /// That of a segment.
    #[must_use]
    pub fn of(kept: &Kept) -> Self {
        Self { begun: kept.begun, file: Arc::clone(&kept.file) }
    }

    /// The segment's file, below the folder of recordings.
    pub(super) fn file(&self) -> &str {
        &self.file
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.begun.unix_ms(), self.file)
    }
}

impl FromStr for Place {
    type Err = PlaceError;
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError(text.chars().take(40).collect());
        let (ms, file) = text.split_once('-').filter(|_| text.len() <= MAX_BYTES).ok_or_else(wrong)?;
        let ms = ms.parse().map_err(|_| wrong())?;
        Ok(Self { begun: WallTime::from_unix_ms(ms), file: file.into() })
    }
}
