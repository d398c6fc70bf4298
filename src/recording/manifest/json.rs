//! Manifests as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Direction, FORMAT, MAX_BYTES, Manifest, State};
use crate::recording::Sha256Hex;

/// So much of what is wrong is shown, in characters.
const SHOWN: usize = 200;

/// Why a text is not a manifest. It is the doing of who wrote it, or of the disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is too large.
    #[error("expected a manifest of at most {MAX_BYTES} bytes, got {0}")]
    TooLarge(usize),
    /// It is no JSON, or no object.
    #[error("expected a manifest as a JSON object: {0}")]
    Json(String),
    /// It is of another format.
    #[error("expected a manifest of format {FORMAT}, got {0}; the version of peergate that wrote it reads it")]
    Format(String),
    /// A field is not what it has to be.
    #[error("in a manifest, {field}: {why}")]
    Field {
        /// Where it is, as in `tracks[0].codec`; `.` for the whole.
        field: String,
        /// What was expected, and what came.
        why: String,
    },
    /// Two fields do not go together.
    #[error("in a manifest, {0}")]
    Contradiction(&'static str),
}

/// What each manifest begins with, of whatever format.
#[derive(Deserialize)]
struct Head {
    format: Option<Value>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is none of [`FORMAT`], or larger than [`MAX_BYTES`]. Fields that are not known are no error.
    pub fn read(json: &[u8]) -> Result<Self, ManifestError> {
        if json.len() > MAX_BYTES {
            return Err(ManifestError::TooLarge(json.len()));
        }
        let head: Head = serde_json::from_slice(json).map_err(|error| ManifestError::Json(shown(&error)))?;
        match head.format {
            Some(Value::Number(format)) if format.as_u64() == Some(FORMAT) => {}
            Some(other) => return Err(ManifestError::Format(shown(&other))),
            None => return Err(ManifestError::Format("none".to_owned())),
        }
        let mut json = serde_json::Deserializer::from_slice(json);
        let manifest: Self = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| ManifestError::Field { field: shown(error.path()), why: shown(error.inner()) })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// As JSON, with line breaks, for people and programs.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let written = Written { format: FORMAT, manifest: self };
        let mut json = serde_json::to_vec_pretty(&written).expect("numbers, texts and lists of them can be written");
        json.push(b'\n');
        json
    }

    const fn check(&self) -> Result<(), ManifestError> {
        let wrong = match (self.direction, &self.peer, &self.state) {
            (Direction::Remote, None, _) => "direction is remote: expected a peer, got none",
            (Direction::Local, Some(_), _) => "direction is local: expected null as peer, got a peer",
            (_, _, State::Finished) if self.end.is_none() => "state is finished: expected end, got null",
            _ => return Ok(()),
        };
        Err(ManifestError::Contradiction(wrong))
    }
}

/// The digest by which a manifest is referred to: of its JSON without `pinned`, which may change at any time, with the
/// keys of each object sorted and without white space. `jq --compact-output --sort-keys --join-output 'del(.pinned)' FILE |
/// sha256sum` prints the same.
///
/// # Errors
/// When it is no JSON object, or larger than [`MAX_BYTES`]. Its format does not matter.
pub fn digest(json: &[u8]) -> Result<Sha256Hex, ManifestError> {
    if json.len() > MAX_BYTES {
        return Err(ManifestError::TooLarge(json.len()));
    }
    let mut fields: serde_json::Map<String, Value> =
        serde_json::from_slice(json).map_err(|error| ManifestError::Json(shown(&error)))?;
    fields.remove("pinned");
    let mut value = Value::Object(fields);
    value.sort_all_objects();
    Ok(Sha256Hex::of(value.to_string().as_bytes()))
}

/// The beginning of a text that may hold what strangers wrote, on one line.
fn shown(text: &impl ToString) -> String {
    let text = text.to_string().replace(char::is_control, " ");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
