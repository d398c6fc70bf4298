//! A configuration as it was written, before it means anything: tables, lists and plain values, each with its place.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::problem::{Place, Problem};

/// The longest text that is read, in bytes. More is no configuration.
const MAX_BYTES: usize = 1024 * 1024;

/// A value and where it was said. No `Debug`: it may hold a secret.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// What a value is.
#[derive(Clone)]
pub(super) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Time,
    List(Vec<Value>),
    Table(Table),
}

/// Keys with where each is written, and their values.
#[derive(Clone, Default)]
pub(super) struct Table(pub(super) BTreeMap<String, (Place, Value)>);

impl Value {
    pub(super) fn text(text: impl Into<String>, place: Place) -> Self {
        Self { kind: Kind::Text(text.into()), place }
    }

    pub(super) const fn table(table: Table, place: Place) -> Self {
        Self { kind: Kind::Table(table), place }
    }

    /// What came, for an error. Long texts are cut.
    pub(super) fn described(&self) -> String {
        match &self.kind {
            Kind::Text(text) if text.chars().count() > 60 => {
                format!("{:?}...", text.chars().take(60).collect::<String>())
            }
            Kind::Text(text) => format!("{text:?}"),
            Kind::Integer(number) => format!("the number {number}"),
            Kind::Float(number) => format!("the number {number}"),
            Kind::Boolean(yes) => yes.to_string(),
            Kind::Time | Kind::List(_) | Kind::Table(_) => self.type_name().to_owned(),
        }
    }

    /// The kind of thing that came, for an error about what may be a secret.
    pub(super) const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Text(_) => "a text",
            Kind::Integer(_) | Kind::Float(_) => "a number",
            Kind::Boolean(_) => "true or false",
            Kind::Time => "a date or time",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }
}

impl Table {
    /// Reads TOML.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let problem = |place, what| Problem { place, key: String::new(), what };
        if text.len() > MAX_BYTES {
            let what = format!("expected at most {MAX_BYTES} bytes, got {}", text.len());
            return Err(vec![problem(Place::File { line: 1, column: 1 }, what)]);
        }
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(lines.table(table.into_inner()));
        }
        // Not the errors' own `Display`: it shows the line, which may hold a password.
        let told = errors.iter().map(|error| {
            let place = lines.place(error.span().map_or(0, |span| span.start));
            problem(place, error.message().to_owned())
        });
        Err(told.collect())
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), (value.place, value));
    }

    /// The table under `key`, made if it is not there; `None` if something else is.
    pub(super) fn table_mut(&mut self, key: &str, place: Place) -> Option<&mut Self> {
        let entry = self.0.entry(key.to_owned()).or_insert_with(|| (place, Value::table(Self::default(), place)));
        match &mut entry.1.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// Where the lines of a text begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Place::File { line, column: before.chars().count() + 1 }
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        let entries = table.into_iter().map(|(key, value)| {
            let place = self.place(key.span().start);
            (key.into_inner().into_owned(), (place, self.value(value)))
        });
        Table(entries.collect())
    }

    fn value(&self, value: Spanned<DeValue<'_>>) -> Value {
        let place = self.place(value.span().start);
        let kind = match value.into_inner() {
            DeValue::String(text) => Kind::Text(text.into_owned()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| Kind::Float(digits.as_str().parse().unwrap_or(f64::NAN)), Kind::Integer),
            DeValue::Float(digits) => Kind::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(yes) => Kind::Boolean(yes),
            DeValue::Datetime(_) => Kind::Time,
            DeValue::Array(list) => Kind::List(list.into_iter().map(|value| self.value(value)).collect()),
            DeValue::Table(table) => Kind::Table(self.table(table)),
        };
        Value { kind, place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let table = Table::parse("a = 1\n[b]\n# ä\nc = 'x' # ä\nd = ['y', 'ä', 7.5]\n").ok().unwrap();
        assert_eq!(table.0["a"].1.place, Place::File { line: 1, column: 5 });
        let Kind::Table(b) = &table.0["b"].1.kind else { panic!() };
        assert_eq!(b.0["c"].0, Place::File { line: 4, column: 1 });
        let Kind::List(d) = &b.0["d"].1.kind else { panic!() };
        assert_eq!(d[2].place, Place::File { line: 5, column: 16 });
        assert_eq!(d[2].described(), "the number 7.5");
    }

    #[test]
    fn text_that_is_no_toml_is_an_error_with_its_line_and_without_its_text() {
        let problems = Table::parse("a = 1\npassword = geheim\nb = 2\nb = 3\n").err().unwrap();
        let lines: Vec<_> = problems.iter().map(|problem| problem.place).collect();
        assert_eq!(lines, [Place::File { line: 2, column: 12 }, Place::File { line: 4, column: 1 }]);
        assert!(problems.iter().all(|problem| !problem.what.contains("geheim")), "{problems:?}");
    }

    #[test]
    fn hopeless_depth_and_length_are_errors() {
        let deep = ["[".repeat(200_000), "a.".repeat(100_000), format!("a = {}", "[".repeat(100_000))];
        for text in deep.into_iter().chain(["#".repeat(MAX_BYTES + 1)]) {
            assert!(Table::parse(&text).is_err());
        }
    }
}
