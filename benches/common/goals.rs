//! Today's figures beside those that are to be reached.

use std::fmt;

/// One line for each goal.
pub(crate) struct Goals(Vec<[String; 3]>);

impl Goals {
    pub(crate) const fn new(lines: Vec<[String; 3]>) -> Self {
        Self(lines)
    }
}

impl fmt::Display for Goals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | goal | today |\n| --- | --- | --- |")?;
        self.0.iter().try_for_each(|[what, goal, today]| writeln!(f, "| {what} | {goal} | {today} |"))
    }
}

/// What is to be reached, and what was.
pub(crate) fn line(what: &str, goal: &str, today: String) -> [String; 3] {
    [what.to_owned(), goal.to_owned(), today]
}
