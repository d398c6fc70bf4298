//! What is wrong with a configuration, and where.

use std::{cell::RefCell, fmt};

/// Where a value was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the file, counted from 1.
    File {
        /// Which line.
        line: usize,
        /// Which character of it.
        column: usize,
    },
    /// With a flag, `--bitrate`.
    Flag(&'static str),
    /// With a variable of the environment, `PEERGATE_BITRATE`.
    Variable(&'static str),
    /// Nowhere: it is the default.
    Default,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was said.
    pub place: Place,
    /// The key, `video.front.size`; empty where there is none.
    pub key: String,
    /// What was expected, what came, and what helps.
    pub what: String,
}

/// All that is wrong with a configuration; at least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file's name, as it was given.
    pub file: String,
    /// In the order of the file.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match problem.place {
                Place::File { line, column } => write!(f, "{}:{line}:{column}: ", self.file)?,
                Place::Flag(name) | Place::Variable(name) => write!(f, "{name}: ")?,
                Place::Default => {}
            }
            // A flag names its key well enough.
            if matches!(problem.place, Place::File { .. } | Place::Default) && !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            f.write_str(&problem.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where the readers of a configuration note what is wrong, so that all of it is told at once.
#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    /// Every key that was asked for, for the tests of the manual.
    #[cfg(test)]
    pub(super) asked: RefCell<std::collections::BTreeSet<String>>,
}

impl Notes {
    pub(super) fn add(&self, place: Place, key: impl Into<String>, what: impl fmt::Display) {
        self.problems.borrow_mut().push(Problem { place, key: key.into(), what: what.to_string() });
    }

    /// `value` if nothing is wrong, else all that is.
    pub(super) fn judge<T>(self, file: &str, value: T) -> Result<T, Problems> {
        let mut list = self.problems.into_inner();
        if list.is_empty() {
            return Ok(value);
        }
        list.sort_by_key(|problem| match problem.place {
            Place::File { line, column } => (0, line, column),
            Place::Variable(_) => (1, 0, 0),
            Place::Flag(_) => (2, 0, 0),
            Place::Default => (3, 0, 0),
        });
        Err(Problems { file: file.to_owned(), list })
    }
}

/// The one of `known` that is written most like `text`.
pub(super) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    known.into_iter().min_by_key(|name| strsim::damerau_levenshtein(&text, &name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_their_place_in_the_order_of_the_file() {
        let notes = Notes::default();
        notes.add(Place::Flag("--fps"), "video.front.fps", "expected a number");
        notes.add(Place::File { line: 12, column: 3 }, "encode.bitrate", "expected a bitrate");
        notes.add(Place::File { line: 2, column: 1 }, "", "expected `=`");
        let problems = notes.judge("box.toml", ()).unwrap_err();
        assert_eq!(
            problems.to_string(),
            "box.toml:2:1: expected `=`\nbox.toml:12:3: encode.bitrate: expected a bitrate\n--fps: expected a number"
        );
    }

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let known = ["bitrate", "encoder", "codec", "audio_bitrate"];
        assert_eq!(nearest("biterate", known), Some("bitrate"));
        assert_eq!(nearest("Encodr", known), Some("encoder"));
        assert_eq!(nearest("x", []), None);
    }
}
