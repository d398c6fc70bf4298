//! Brings the layers of a configuration together: file < environment < flags.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    outside::Outside,
    problem::{Notes, Place, Problem, Problems},
    settings::{self, Purpose, Settings},
    sources::{self, PICTURE, SOUND},
    tree::{Kind, Table, Value},
};
use crate::codec::MediaKind;

/// What flags, or their twins in the environment, say. Each replaces what the file says.
#[derive(Default)]
pub struct Overrides(Vec<Override>);

/// One flag.
struct Override {
    target: Target,
    place: Place,
    values: Vec<String>,
}

/// What a flag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The rooms: one member in each, instead of the file's.
    Rooms,
    /// A key of every member.
    EveryMember(&'static str),
    /// The one source of pictures that every member shows, instead of the file's.
    Video,
    /// The one source of sound that every member makes heard, instead of the file's.
    Audio,
    /// A key of every source of pictures.
    EveryVideo(&'static str),
    /// A key of a table.
    Key(&'static str, &'static str),
    /// A key of a table that is a list.
    List(&'static str, &'static str),
}

/// Where settings come from: read at the start, and again when they may have changed.
pub struct Origin {
    file: Option<PathBuf>,
    purpose: Purpose,
    overrides: Overrides,
    known_variables: Vec<&'static str>,
}

impl Origin {
    /// As [`load`] has it.
    #[must_use]
    pub const fn new(
        file: Option<PathBuf>,
        purpose: Purpose,
        overrides: Overrides,
        known_variables: Vec<&'static str>,
    ) -> Self {
        Self { file, purpose, overrides, known_variables }
    }

    /// What it says now.
    ///
    /// # Errors
    /// All that is wrong with it, or that the file can't be read.
    pub fn load(&self) -> Result<Settings, Problems> {
        load(self.file.as_deref(), self.purpose, &self.overrides, &self.known_variables)
    }
}

impl Overrides {
    /// What `target` is given as, and where. No values say nothing.
    pub fn set(&mut self, target: Target, place: Place, values: Vec<String>) {
        if !values.is_empty() {
            self.0.push(Override { target, place, values });
        }
    }
}

/// The settings that the TOML in `text` stands for by itself: no file is read, no variable looked at.
///
/// # Errors
/// All that is wrong with it.
pub fn parse(text: &str) -> Result<Settings, Problems> {
    build(text, "configuration", Purpose::Daemon, &Overrides::default(), &Outside::none())
}

/// The settings of `file`, or the defaults, with `overrides` over them.
///
/// # Errors
/// All that is wrong with it, or that the file can't be read.
pub fn load(
    file: Option<&Path>,
    purpose: Purpose,
    overrides: &Overrides,
    known_variables: &[&str],
) -> Result<Settings, Problems> {
    let name = file.map_or_else(|| "configuration".to_owned(), |file| file.display().to_string());
    let text = match file.map(fs::read_to_string) {
        None => String::new(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            let what = format!("the configuration {name} can't be read: {error}");
            return Err(Problems {
                list: vec![Problem { place: Place::Default, key: String::new(), what }],
                file: name,
            });
        }
    };
    let outside = Outside::of_process(file);
    let mut settings = build(&text, &name, purpose, overrides, &outside)?;
    settings.warnings.extend(unknown_variables(&outside, known_variables));
    Ok(settings)
}

fn build(
    text: &str,
    name: &str,
    purpose: Purpose,
    overrides: &Overrides,
    outside: &Outside,
) -> Result<Settings, Problems> {
    let mut table = Table::parse(text).map_err(|list| Problems { file: name.to_owned(), list })?;
    let notes = Notes::default();
    overrides.apply(&mut table);
    let settings = settings::read(table, purpose, outside, &notes);
    notes.judge(name, settings)
}

/// Only a warning: Kubernetes sets variables of its own for a service with our name.
fn unknown_variables(outside: &Outside, known: &[&str]) -> Vec<String> {
    let unknown = outside.variables_of_ours().filter(|name| !known.contains(name));
    let told = unknown.map(|name| {
        let near = super::problem::nearest(name, known.iter().copied()).unwrap_or_default();
        format!("the variable {name} of the environment means nothing here; the nearest that does is {near}")
    });
    told.collect()
}

impl Overrides {
    /// What makes members and sources comes before what changes them.
    fn apply(&self, table: &mut Table) {
        let mut ordered: Vec<_> = self.0.iter().collect();
        ordered.sort_by_key(|one| match one.target {
            Target::Rooms => 0,
            Target::Video | Target::Audio => 1,
            _ => 2,
        });
        for one in ordered {
            one.apply(table);
        }
    }
}

impl Override {
    fn apply(&self, table: &mut Table) {
        // The last one counts, as it does for most programs.
        let Some(last) = self.values.last().map(|text| Value::text(text, self.place)) else { return };
        match self.target {
            Target::Rooms => table.set("member", self.rooms()),
            Target::EveryMember(key) => each_member(table, self.place, |member| member.set(key, last.clone())),
            Target::Video => self.source(table, "video", PICTURE, MediaKind::Video),
            Target::Audio => self.source(table, "audio", SOUND, MediaKind::Audio),
            Target::EveryVideo(key) => self.each_video(table, |video| video.set(key, last.clone())),
            Target::Key(section, key) => {
                if let Some(section) = table.table_mut(section, self.place) {
                    section.set(key, last);
                }
            }
            Target::List(section, key) => {
                let list = self.values.iter().map(|text| Value::text(text, self.place)).collect();
                if let Some(section) = table.table_mut(section, self.place) {
                    section.set(key, Value { kind: Kind::List(list), place: self.place });
                }
            }
        }
    }

    fn rooms(&self) -> Value {
        let members = self.values.iter().map(|url| {
            let mut member = Table::default();
            member.set("room", Value::text(url, self.place));
            Value::table(member, self.place)
        });
        Value { kind: Kind::List(members.collect()), place: self.place }
    }

    fn source(&self, table: &mut Table, key: &'static str, name: &str, media: MediaKind) {
        let Some(short) = self.values.last() else { return };
        let taken = if short == "none" {
            "none"
        } else {
            let mut named = Table::default();
            named.set(name, Value::table(sources::table_of(media, short, self.place), self.place));
            table.set(key, Value::table(named, self.place));
            name
        };
        each_member(table, self.place, |member| member.set(key, Value::text(taken, self.place)));
    }

    fn each_video(&self, table: &mut Table, mut change: impl FnMut(&mut Table)) {
        let Some(videos) = table.table_mut("video", self.place) else { return };
        if videos.0.is_empty() {
            videos.set(PICTURE, Value::table(Table::default(), self.place));
        }
        for (_, video) in videos.0.values_mut() {
            if let Kind::Table(video) = &mut video.kind {
                change(video);
            }
        }
    }
}

/// Changes each `[[member]]`; the default one where there is none.
fn each_member(table: &mut Table, place: Place, mut change: impl FnMut(&mut Table)) {
    let list = table
        .0
        .entry("member".to_owned())
        .or_insert_with(|| (place, Value { kind: Kind::List(vec![Value::table(Table::default(), place)]), place }));
    let Kind::List(list) = &mut list.1.kind else { return };
    for member in list {
        if let Kind::Table(member) = &mut member.kind {
            change(member);
        }
    }
}

#[cfg(test)]
mod tests;
