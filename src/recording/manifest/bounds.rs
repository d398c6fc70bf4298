//! Bounds of what is read: a manifest may be anybody's.

use serde::{Deserialize, Deserializer, de::Error};

/// A list with `MOST` entries at most.
pub(super) fn list<'de, D, T, const MOST: usize>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(from)?;
    if list.len() > MOST {
        return Err(D::Error::custom(format_args!("expected a list of at most {MOST}, got {}", list.len())));
    }
    Ok(list)
}

/// A text with `MOST` bytes at most.
pub(super) fn text<'de, D: Deserializer<'de>, const MOST: usize>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.len() > MOST {
        return Err(D::Error::custom(format_args!("expected a text of at most {MOST} bytes, got {}", text.len())));
    }
    Ok(text)
}
