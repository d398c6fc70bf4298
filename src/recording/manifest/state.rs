//! How far a segment has come.

use serde::{Deserialize, Serialize};

use super::bounds;

/// The longest reason, in bytes.
const MAX_WHY: usize = 1024;

/// How far a segment has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is being written, or was when the machine went down.
    Recording,
    /// It was written to its end.
    Finished,
    /// It was cut off, and has been mended: it plays to where it was cut off.
    Recovered,
    /// It was cut off, and could not be mended.
    Incomplete {
        /// What came in the way.
        #[serde(deserialize_with = "bounds::text::<_, MAX_WHY>")]
        why: String,
    },
}

impl State {
    /// Incomplete, for this reason; of a very long one the beginning.
    #[must_use]
    pub fn incomplete(why: &str) -> Self {
        Self::Incomplete { why: why[..why.floor_char_boundary(MAX_WHY)].to_owned() }
    }
}
