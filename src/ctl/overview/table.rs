//! Columns that line up.

use super::{Line, Tone};
use crate::ids::turns_around;

/// The widest that a column gets, but for the last: ids may have 256 bytes, and files stand below two of them.
const WIDEST: usize = 60;

/// Between two columns.
const GAP: &str = "  ";

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Rows under a heading. A column in which nothing stands is left out.
#[derive(Debug)]
pub(super) struct Table<const COLUMNS: usize> {
    columns: [(&'static str, Side); COLUMNS],
    rows: Vec<(Tone, [String; COLUMNS])>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(super) const fn new(columns: [(&'static str, Side); COLUMNS]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, tone: Tone, cells: [String; COLUMNS]) {
        self.rows.push((tone, cells.map(|cell| shown(&cell))));
    }

    /// The heading and the rows; nothing where there are no rows.
    pub(super) fn lines(self) -> Vec<Line> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let columns: Vec<_> = (0..COLUMNS).filter(|at| self.rows.iter().any(|(_, row)| !row[*at].is_empty())).collect();
        let last = columns.last().copied();
        let column = |at: usize| {
            let (name, side) = self.columns[at];
            let most = if Some(at) == last { usize::MAX } else { WIDEST };
            let widest = self.rows.iter().map(|(_, row)| width(&row[at])).max().unwrap_or_default();
            (at, side, width(name).max(widest).min(most))
        };
        let columns: Vec<_> = columns.iter().map(|at| column(*at)).collect();
        let line = |cells: &dyn Fn(usize) -> String| {
            let cells: Vec<_> = columns.iter().map(|(at, side, width)| placed(&cells(*at), *side, *width)).collect();
            cells.join(GAP).trim_end().to_owned()
        };
        let heading = Line { tone: Tone::Heading, text: line(&|at| self.columns[at].0.to_owned()) };
        let rows = self.rows.iter().map(|(tone, row)| Line { tone: *tone, text: line(&|at| row[at].clone()) });
        std::iter::once(heading).chain(rows).collect()
    }
}

/// `text` without what a terminal would obey, or turn around: ids and reasons come from strangers.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || turns_around(c) { '\u{fffd}' } else { c }).collect()
}

/// `text` in at most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn placed(text: &str, side: Side, width: usize) -> String {
    let text = cut(text, width);
    match side {
        Side::Left => format!("{text:<width$}"),
        Side::Right => format!("{text:>width$}"),
    }
}

/// In characters. One that takes two places shifts what follows it.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rows: &[[&str; 3]]) -> Vec<String> {
        let mut table = Table::new([("NAME", Side::Left), ("N", Side::Right), ("WHY", Side::Left)]);
        for row in rows {
            table.row(Tone::Plain, row.map(str::to_owned));
        }
        table.lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn columns_line_up_and_those_without_anything_are_left_out() {
        assert_eq!(texts(&[["a", "1", ""], ["longer", "20", ""]]), ["NAME     N", "a        1", "longer  20"]);
        assert_eq!(texts(&[["a", "", "gone"]]), ["NAME  WHY", "a     gone"]);
        assert!(texts(&[]).is_empty());
    }

    #[test]
    fn what_is_too_long_is_cut_but_at_the_end_of_a_line() {
        let (id, why) = ("x".repeat(256), "y".repeat(256));
        let lines = texts(&[[&id, "1", &why]]);
        assert_eq!(lines[1], format!("{}…  1  {why}", "x".repeat(59)));
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(texts(&[["\u{1b}[2J", "1", "\u{202e}txt\n"]])[1], "\u{fffd}[2J  1  \u{fffd}txt\u{fffd}");
    }
}
