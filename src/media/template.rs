//! Pipeline templates: launch descriptions with placeholders (`pipelines/README.md`). Pure.

use std::fmt::Write;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Any text: a device's name, a path. It becomes one quoted property value whatever is in it.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// A template that can't be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It names a placeholder that nobody gave.
    #[error("the template asks for {{{name}}}; it may ask for {known}")]
    Unknown {
        /// The placeholder.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A brace is never closed.
    #[error("the template opens a brace that it does not close: {0:?}")]
    Unclosed(String),
    /// A text that GStreamer can't hold.
    #[error("the value of {{{0}}} holds a zero byte, which no property can")]
    ZeroByte(String),
}

/// The launch description that `template` gives with `values` in its placeholders. Lines that begin with
/// `#` are comments.
///
/// # Errors
/// When the template asks for a value that is not there, or can't be read.
pub fn fill(template: &str, values: &[(&str, Value)]) -> Result<String, TemplateError> {
    let code: Vec<_> =
        template.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let code = code.join(" ");
    let mut filled = String::with_capacity(code.len());
    let mut rest = code.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| TemplateError::Unclosed(after.to_owned()))?;
        filled.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, Value::Text(text))) if text.contains('\0') => {
                return Err(TemplateError::ZeroByte(name.to_owned()));
            }
            Some((_, Value::Text(text))) => filled.push_str(&quote(text)),
            Some((_, Value::Number(number))) => {
                // Writing to a String can't fail.
                let _ = write!(filled, "{number}");
            }
            None => {
                let known: Vec<_> = values.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                return Err(TemplateError::Unknown { name: name.to_owned(), known: known.join(", ") });
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Quotes twice, as it is read twice: by the launch parser, then as a GStreamer value (`gst_value_deserialize`). A
/// plain word is the same in both, and may be an enumeration's nick, which takes no quotes.
fn quote(text: &str) -> String {
    if text.bytes().all(is_plain) {
        return format!("\"{text}\"");
    }
    let mut value = String::from('"');
    for byte in text.bytes() {
        match byte {
            byte if is_plain(byte) => value.push(byte.into()),
            0x20..0x7f => value.extend(['\\', byte.into()]),
            _ => {
                let _ = write!(value, "\\{byte:03o}");
            }
        }
    }
    value.push('"');
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b':' | b'.')
}

#[cfg(test)]
mod tests {
    use gst::prelude::*;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_take_the_place_of_placeholders() {
        let values = [("device", Value::from("/dev/video0")), ("fps", Value::from(30))];
        let filled = fill("# a camera\nv4l2src device={device}\n! video/x-raw,framerate={fps}/1", &values).unwrap();
        assert_eq!(filled, r#"v4l2src device="/dev/video0" ! video/x-raw,framerate=30/1"#);
    }

    #[test]
    fn an_unknown_placeholder_is_named_with_those_that_there_are() {
        let error = fill("fakesrc num-buffers={count}", &[("fps", Value::from(30))]).unwrap_err();
        assert_eq!(error.to_string(), "the template asks for {count}; it may ask for {fps}");
    }

    #[test]
    fn an_open_brace_is_an_error() {
        assert!(matches!(fill("fakesrc a={b", &[]), Err(TemplateError::Unclosed(_))));
    }

    #[test]
    fn a_zero_byte_is_an_error() {
        assert_eq!(fill("a={b}", &[("b", Value::from("x\0y"))]), Err(TemplateError::ZeroByte("b".to_owned())));
    }

    proptest! {
        #[test]
        fn any_text_reaches_the_property_as_it_is(text in "[^\0]*") {
            gst::init().unwrap();
            let description = fill("filesrc location={path}", &[("path", Value::from(text.as_str()))]).unwrap();
            let element = gst::parse::launch(&description).unwrap();
            let location: Option<String> = element.property("location");
            prop_assert_eq!(location.unwrap_or_default(), text);
        }
    }
}
