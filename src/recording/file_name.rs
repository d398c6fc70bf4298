//! The name of a file beside a manifest.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

/// File systems know no longer names, in bytes.
const MAX_BYTES: usize = 255;

/// A file's name without a folder, so that what a manifest says never leads out of the manifest's own folder.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

/// A text that is no file's name. It is the doing of who wrote the manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a file's name of 1 to {MAX_BYTES} bytes, without folders, control characters and any of / \\ :, got {0:?}"
)]
pub struct FileNameError(String);

/// What leads to other folders, or on some system to other streams of a file.
const FORBIDDEN: [char; 3] = ['/', '\\', ':'];

impl FileName {
    /// Takes `text` as a file's name.
    ///
    /// # Errors
    /// When it is empty, too long, leads to a folder, or holds what can't be in a name.
    pub fn new(text: impl Into<String>) -> Result<Self, FileNameError> {
        let text = text.into();
        let is_forbidden = |c: char| c.is_control() || FORBIDDEN.contains(&c);
        let is_folder = [".", ".."].contains(&text.as_str());
        if text.is_empty() || text.len() > MAX_BYTES || is_folder || text.contains(is_forbidden) {
            return Err(FileNameError(text.chars().take(80).collect()));
        }
        Ok(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for FileName {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl TryFrom<String> for FileName {
    type Error = FileNameError;
    fn try_from(text: String) -> Result<Self, FileNameError> {
        Self::new(text)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_taken_and_ways_out_are_not() {
        for name in ["2026-11-30T14-02-11.123Z.mkv", "a b", "...", "\u{e4}"] {
            assert_eq!(FileName::new(name).map(String::from), Ok(name.to_owned()));
        }
        let long = "x".repeat(256);
        for name in ["", ".", "..", "../x", "/etc/passwd", "a/b", r"a\b", "c:", "a\0", "a\nb", &long] {
            assert!(FileName::new(name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_part_of_a_path(text in ".{0,12}|[./a]{1,4}") {
            if let Ok(name) = FileName::new(text) {
                let path = Path::new("folder").join(&name);
                let parts: Vec<_> = path.components().map(Component::as_os_str).collect();
                prop_assert_eq!(parts, ["folder", name.as_str()]);
            }
        }
    }
}
