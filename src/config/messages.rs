//! `[messages]`: what messages of data channels go to, and come from.

use std::{path::PathBuf, time::Duration};

use super::{
    outside::Outside,
    section::{Section, Wrong},
    tree::{Kind, Value},
    units,
};
use crate::messages::{Ask, Program, Settings};

/// How long a program may run when nobody says otherwise.
const LIMIT: Duration = Duration::from_secs(10);
const ASKS: [(&str, Ask); 3] = [("state", Ask::State), ("snapshot", Ask::Snapshot), ("record", Ask::Record)];

pub(super) fn read(mut section: Section<'_>, outside: &Outside) -> Settings {
    let socket = section.take("socket", |value| Ok(outside.path(&units::text(value)?, value.place)));
    let command = section.take("program", |value| program(value, outside));
    let times = Duration::from_millis(100)..=Duration::from_secs(60 * 60);
    let limit = section.take("limit", |value| units::duration(value, times)).unwrap_or(LIMIT);
    let answers = section.take("answers", units::boolean).unwrap_or(false);
    let asks = section.take_list("asks", |value| units::word(value, &ASKS)).unwrap_or_default();
    section.finish("[messages]");
    let program = command.map(|(path, arguments)| Program { path, arguments, limit, answers });
    Settings { socket, program, asks: asks.into_iter().map(|(ask, _)| ask).collect() }
}

/// A program and its arguments. One with a slash in its name is a file, like all that a configuration names; the others are
/// looked for in `PATH`.
fn program(value: &Value, outside: &Outside) -> Result<(PathBuf, Vec<String>), Wrong> {
    let words = match &value.kind {
        Kind::List(words) => words.iter().map(units::any_text).collect::<Result<Vec<_>, _>>()?,
        _ => vec![units::text(value)?],
    };
    match words.split_first() {
        Some((name, arguments)) if !name.is_empty() => {
            let path = if name.contains('/') { outside.path(name, value.place) } else { PathBuf::from(name) };
            Ok((path, arguments.to_vec()))
        }
        _ => Err(Wrong::expected("a program and its arguments like [\"on-message\", \"--quiet\"]", value)),
    }
}
