//! Reads a table key by key. What is asked for is what is known: whatever is left at the end is an unknown key.

use std::collections::BTreeSet;

use super::{
    problem::{Notes, Place, nearest},
    tree::{Kind, Table, Value},
};

/// A table that is being read.
pub(super) struct Section<'a> {
    /// What it is, for people: `video.front`. Empty for the whole.
    path: String,
    place: Place,
    table: Table,
    asked: BTreeSet<&'static str>,
    notes: &'a Notes,
}

/// A value that is not what was expected: what was, and what came.
pub(super) struct Wrong(pub(super) String);

impl Wrong {
    pub(super) fn expected(what: &str, value: &Value) -> Self {
        Self(format!("expected {what}, got {}", value.described()))
    }

    /// For values that must not be shown.
    pub(super) fn expected_secret(what: &str, value: &Value) -> Self {
        Self(format!("expected {what}, got {}", value.type_name()))
    }
}

impl<'a> Section<'a> {
    pub(super) const fn new(path: String, place: Place, table: Table, notes: &'a Notes) -> Self {
        Self { path, place, table, asked: BTreeSet::new(), notes }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) const fn notes(&self) -> &'a Notes {
        self.notes
    }

    /// The full name of `key`.
    pub(super) fn name_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes that something is wrong with `key`.
    pub(super) fn wrong(&self, place: Place, key: &str, what: impl std::fmt::Display) {
        self.notes.add(place, self.name_of(key), what);
    }

    /// Notes that something is wrong with the table itself.
    pub(super) fn wrong_whole(&self, what: impl std::fmt::Display) {
        self.notes.add(self.place, self.path.clone(), what);
    }

    /// The value of `key` as `read` makes it; `None` when it is not there, or wrong (and noted).
    pub(super) fn take<T>(&mut self, key: &'static str, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Option<T> {
        self.take_placed(key, read).map(|(value, _)| value)
    }

    /// The same with where it was said.
    pub(super) fn take_placed<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<(T, Place)> {
        let value = self.take_value(key)?;
        match read(&value) {
            Ok(read) => Some((read, value.place)),
            Err(Wrong(what)) => {
                self.wrong(value.place, key, what);
                None
            }
        }
    }

    /// The value of `key`, whatever it is.
    pub(super) fn take_value(&mut self, key: &'static str) -> Option<Value> {
        self.asked.insert(key);
        #[cfg(test)]
        self.notes.asked.borrow_mut().insert(self.name_of(key));
        self.table.0.remove(key).map(|(_, value)| value)
    }

    /// The value of `key`, a list of what `read` makes; a single one counts as a list of one.
    pub(super) fn take_list<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&Value) -> Result<T, Wrong>,
    ) -> Option<Vec<(T, Place)>> {
        let value = self.take_value(key)?;
        let list = match value.kind {
            Kind::List(list) => list,
            _ => vec![value],
        };
        let read = list.iter().filter_map(|value| match read(value) {
            Ok(read) => Some((read, value.place)),
            Err(Wrong(what)) => {
                self.wrong(value.place, key, what);
                None
            }
        });
        Some(read.collect())
    }

    /// The table `key`; an empty one when it is not there.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let path = self.name_of(key);
        let (place, table) = match self.take_value(key) {
            Some(Value { kind: Kind::Table(table), place }) => (place, table),
            Some(other) => {
                self.wrong(other.place, key, format!("expected a table, [{path}], got {}", other.described()));
                (other.place, Table::default())
            }
            None => (Place::Default, Table::default()),
        };
        Section::new(path, place, table, self.notes)
    }

    /// The tables of the table `key` by their names: `[video.front]`, `[video.back]`.
    pub(super) fn named_sections(&mut self, key: &'static str) -> Vec<(String, Section<'a>)> {
        let whole = self.section(key);
        let path = whole.path;
        let mut sections = Vec::new();
        for (name, (key_place, value)) in whole.table.0 {
            let inner = format!("{path}.{name}");
            match value.kind {
                Kind::Table(table) => {
                    sections.push((name, Section::new(inner, value.place, table, self.notes)));
                }
                _ => self.notes.add(
                    key_place,
                    inner,
                    format!("expected a table with a name of your own, [{path}.NAME], got {}", value.described()),
                ),
            }
        }
        sections
    }

    /// The tables of the list `key`: each `[[member]]`.
    pub(super) fn listed_sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.name_of(key);
        let Some(value) = self.take_value(key) else { return Vec::new() };
        let Kind::List(list) = value.kind else {
            self.wrong(value.place, key, format!("expected [[{path}]] with two brackets, got {}", value.described()));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for value in list {
            match value.kind {
                Kind::Table(table) => sections.push(Section::new(path.clone(), value.place, table, self.notes)),
                _ => self.wrong(value.place, key, format!("expected a table, got {}", value.described())),
            }
        }
        sections
    }

    /// What is left, whatever its keys: headers by their names.
    pub(super) fn take_rest(&mut self) -> Table {
        std::mem::take(&mut self.table)
    }

    /// Notes every key that nobody asked for, with the nearest that is known. `what` says whose keys they are:
    /// `a camera`.
    pub(super) fn finish(self, what: &str) {
        for (key, (place, _)) in &self.table.0 {
            let known = self.asked.iter().copied();
            let nearest = nearest(key, known.clone()).unwrap_or_default();
            let all = known.collect::<Vec<_>>().join(", ");
            self.notes.add(
                *place,
                self.name_of(key),
                format!("{what} has no key `{key}`; the nearest is `{nearest}` (known here: {all})"),
            );
        }
    }
}
