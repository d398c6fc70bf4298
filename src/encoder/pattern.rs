//! Which files are meant: a path with `*`, `?` and `[...]` in it.

use std::{fmt, path::PathBuf};

use serde::Deserialize;

/// A pattern of files' paths, from the root on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| format!("expected a path with patterns, such as \"/dev/video*\", got {text:?}: {why}");
        if !text.starts_with('/') {
            return Err(wrong("it has to begin at /"));
        }
        match glob::Pattern::new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(wrong(&format!("{} at {}", error.msg, error.pos + 1))),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// The files that it fits now. Those that can't be looked at are none.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        glob::glob(&self.0).into_iter().flatten().filter_map(Result::ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Pattern, String> {
        Pattern::try_from(text.to_owned())
    }

    #[test]
    fn what_fits_is_found() {
        let files: Vec<_> = parsed("/dev/nul?").unwrap().files().collect();
        assert_eq!(files, [PathBuf::from("/dev/null")]);
        assert_eq!(parsed("/dev/nothing*").unwrap().files().count(), 0);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let wrong = |text: &str| parsed(text).unwrap_err();
        assert!(
            wrong("/dev/video[0-")
                .starts_with("expected a path with patterns, such as \"/dev/video*\", got \"/dev/video[0-\": ")
        );
        assert!(wrong("/dev/***").contains("at 8"), "{}", wrong("/dev/***"));
        assert!(wrong("dev/video*").ends_with("it has to begin at /"));
    }
}
