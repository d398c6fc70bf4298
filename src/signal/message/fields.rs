//! Reading JSON objects, with errors that name the field, what belongs there and what came. Pure.

use serde_json::{Map, Value};

use super::MessageError;

/// How much of a wrong value an error shows, in characters.
const SHOWN_CHARS: usize = 40;

/// The fields of an object, taken by their whole paths so that errors can name them.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(field: &'static str, value: Option<&'a Value>) -> Result<Self, MessageError> {
        let expected = "an object";
        match value {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            Some(other) => Err(wrong(field, expected, other)),
            None => Err(MessageError::Missing { field, expected }),
        }
    }

    fn value(self, path: &'static str) -> Option<&'a Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        self.0.get(name)
    }

    pub(super) fn has(self, path: &'static str) -> bool {
        self.value(path).is_some()
    }

    pub(super) fn fields(self, path: &'static str) -> Result<Self, MessageError> {
        Self::of(path, self.value(path))
    }

    pub(super) fn text(self, path: &'static str) -> Result<&'a str, MessageError> {
        let expected = "a text";
        match self.value(path) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(wrong(path, expected, other)),
            None => Err(MessageError::Missing { field: path, expected }),
        }
    }

    pub(super) fn optional_text(self, path: &'static str) -> Result<Option<&'a str>, MessageError> {
        match self.value(path) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(path, "a text or null", other)),
        }
    }

    pub(super) fn optional_index(self, path: &'static str) -> Result<Option<u16>, MessageError> {
        match self.value(path) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().map(u16::try_from) {
                Some(Ok(index)) => Ok(Some(index)),
                _ => Err(wrong(path, "a number from 0 to 65535 or null", value)),
            },
        }
    }
}

fn wrong(field: &'static str, expected: &'static str, got: &Value) -> MessageError {
    let got = match got {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => shortened(text),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(fields) => format!("an object of {} fields", fields.len()),
    };
    MessageError::Wrong { field, expected, got }
}

/// The text in quotes, control characters escaped, cut where it is long.
pub(super) fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let rest = text.len() - shown.len();
    if rest == 0 { format!("{shown:?}") } else { format!("{shown:?} and {rest} bytes more") }
}
