//! Lines for the journal of systemd: with the level in front, and without what it notes itself.

use std::{fmt, os::fd::AsFd};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

/// A line's level as `<3>` (sd-daemon(3)), then the line. The journal has the time of each.
pub(super) struct Lines(Format<Full, ()>);

impl Lines {
    pub(super) fn new() -> Self {
        Self(Format::default().without_time().with_level(false).with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut text = String::new();
        self.0.format_event(context, Writer::new(&mut text), event)?;
        let priority = priority(event.metadata().level());
        // Each line is an entry of its own.
        text.lines().try_for_each(|line| writeln!(to, "<{priority}>{line}"))
    }
}

/// By syslog(3): errors are 3, warnings 4, 6 is for information and 7 for who looks for a mistake.
fn priority(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Whether what is written to `file` goes to the journal: `JOURNAL_STREAM` has the number of its device and of its inode, and
/// programs that are given another file inherit the variable, too (systemd.exec(5)).
pub(super) fn is_behind(file: impl AsFd) -> bool {
    let Some(named) = std::env::var("JOURNAL_STREAM").ok() else { return false };
    rustix::fs::fstat(file).is_ok_and(|stat| named == format!("{}:{}", stat.st_dev, stat.st_ino))
}
