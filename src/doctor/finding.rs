//! What an examination has found.

use std::fmt;

use serde::Serialize;

/// One thing that was looked at, how it is, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word: `turn`, `clock`.
    pub about: &'static str,
    /// How it is.
    pub grade: Grade,
    /// What that means.
    pub what: String,
    /// The command that mends it, or what has to be done where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be, or not needed.
    Ok,
    /// What is configured works, though not for everyone or not always.
    Warning,
    /// Something that is configured does not work.
    Failure,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, grade: Grade::Ok, what: what.into(), remedy: None }
    }

    /// It works, but.
    pub(super) fn warning(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, grade: Grade::Warning, what: what.into(), remedy: None }
    }

    /// It does not work.
    pub(super) fn failure(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, grade: Grade::Failure, what: what.into(), remedy: None }
    }

    /// A failure where what was looked at is needed, else only told.
    pub(super) fn wanting(about: &'static str, is_needed: bool, what: impl Into<String>) -> Self {
        if is_needed { Self::failure(about, what) } else { Self::warning(about, what) }
    }

    /// With what mends it.
    pub(super) fn mended_by(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// A line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Failure => "failure",
        };
        // What systems say may have several lines.
        let what = self.what.lines().collect::<Vec<_>>().join(" ");
        write!(f, "{grade:7}  {}: {what}", self.about)?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "  ->  {remedy}"))
    }
}
