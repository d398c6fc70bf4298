//! What a daemon's state looks like to people: lines of text, made of a state and, for what is counted a second, of an
//! earlier one. No clock and no terminal of its own.

mod sections;
mod table;
mod words;

use std::time::{Duration, SystemTime};

use crate::report::State;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it says, by the way it is shown.
    pub tone: Tone,
    /// The text, without anything that a terminal obeys.
    pub text: String,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What columns are.
    Heading,
    /// Nothing out of the ordinary.
    Plain,
    /// It comes about, or does less than it could.
    Warning,
    /// It fails.
    Bad,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// How the daemon is.
    pub state: &'a State,
    /// How it was; without it nothing is shown that is counted a second.
    pub earlier: Option<Earlier<'a>>,
    /// The time.
    pub now: SystemTime,
}

/// What was looked at before.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// How the daemon was.
    pub state: &'a State,
    /// So long ago.
    pub ago: Duration,
}

/// The whole: members, peers, sources, encoders, recordings and their disk, each under its heading.
#[must_use]
pub fn whole(look: &Look<'_>) -> Vec<Line> {
    let parts = [
        sections::members(look),
        sections::peers(look),
        sections::sources(look),
        sections::encoders(look),
        sections::recordings(look),
        sections::disk(look),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|lines| !lines.is_empty()).collect();
    parts.join(&Line { tone: Tone::Plain, text: String::new() })
}

/// The remote peers alone.
#[must_use]
pub fn peers(look: &Look<'_>) -> Vec<Line> {
    sections::peers(look)
}

/// What is being recorded alone.
#[must_use]
pub fn recordings(look: &Look<'_>) -> Vec<Line> {
    sections::recordings(look)
}

/// As much of `lines` as a window of so many columns and rows shows. Where that is not all, the last row says so.
#[must_use]
pub fn fit(lines: Vec<Line>, columns: usize, rows: usize) -> Vec<Line> {
    let left_out = lines.len().saturating_sub(rows);
    let shown = if left_out > 0 { rows.saturating_sub(1) } else { rows };
    let more = Line { tone: Tone::Warning, text: format!("... and {} more lines", left_out + 1) };
    let mut fitting: Vec<_> = lines.into_iter().take(shown).collect();
    if left_out > 0 {
        fitting.push(more);
    }
    for line in &mut fitting {
        line.text = table::cut(&line.text, columns);
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line { tone: Tone::Plain, text: (*text).to_owned() }).collect()
    }

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(texts(&fit(lines(&["one", "two"]), 3, 2)), ["one", "two"]);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_counted() {
        assert_eq!(texts(&fit(lines(&["one", "two", "three"]), 20, 2)), ["one", "... and 2 more lines"]);
        assert_eq!(texts(&fit(lines(&["three"]), 3, 2)), ["th…"]);
        assert_eq!(texts(&fit(lines(&["one", "two"]), 0, 1)), ["…"]);
    }
}
