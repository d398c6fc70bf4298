//! A terminal that is drawn on as a whole, and given back as it was.

use std::io::{self, Write};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    event::{Event, EventStream, KeyCode, KeyEvent, KeyModifiers},
    execute, queue,
    style::{Print, StyledContent, Stylize},
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode, size,
    },
};
use futures_util::{Stream, StreamExt};

use super::overview::{Line, Tone, fit};

/// Columns and rows of a terminal that does not say how many it has: those of the VT100.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// The terminal. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Screen<W: Write> {
    out: W,
}

/// What somebody presses, or does to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// It is to end: q, Escape or Ctrl-C, which is a key like others here.
    Enough,
    /// Anything else, such as another size of the window.
    Other,
}

impl<W: Write> Screen<W> {
    /// Takes the terminal behind `out`.
    pub(super) fn take(out: W) -> io::Result<Self> {
        enable_raw_mode()?;
        // Made before it is drawn on, so that it is given back whatever fails.
        let mut screen = Self { out };
        execute!(screen.out, EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Shows as much of `lines` as there is room for.
    pub(super) fn show(&mut self, lines: Vec<Line>) -> io::Result<()> {
        // A serial line knows of no size.
        let (columns, rows) = size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL_SIZE);
        let mut lines = fit(lines, columns.into(), rows.into()).into_iter();
        queue!(self.out, BeginSynchronizedUpdate)?;
        for row in 0..rows {
            queue!(self.out, MoveTo(0, row), Clear(ClearType::CurrentLine))?;
            if let Some(line) = lines.next() {
                queue!(self.out, Print(painted(line)))?;
            }
        }
        queue!(self.out, EndSynchronizedUpdate)?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // Where it takes nothing any more, there is nobody to give it back to.
        let _ = execute!(self.out, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

impl Key {
    /// What is pressed from now on.
    pub(super) fn stream() -> impl Stream<Item = Self> + Unpin {
        EventStream::new().map(|event| event.map_or(Self::Enough, |event| Self::of(&event)))
    }

    fn of(event: &Event) -> Self {
        let Event::Key(KeyEvent { code, modifiers, .. }) = event else { return Self::Other };
        match code {
            KeyCode::Char('q') | KeyCode::Esc => Self::Enough,
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Self::Enough,
            _ => Self::Other,
        }
    }
}

/// In the terminal's own colours; in none, where `NO_COLOR` is set.
fn painted(line: Line) -> StyledContent<String> {
    match line.tone {
        Tone::Heading => line.text.bold(),
        Tone::Plain => line.text.stylize(),
        Tone::Warning => line.text.yellow(),
        Tone::Bad => line.text.red(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_ctrl_c_are_enough() {
        let key = |code, modifiers| Key::of(&Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Key::Enough);
        assert_eq!(key(KeyCode::Esc, KeyModifiers::NONE), Key::Enough);
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Key::Enough);
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Key::Other);
        assert_eq!(Key::of(&Event::Resize(80, 24)), Key::Other);
    }
}
