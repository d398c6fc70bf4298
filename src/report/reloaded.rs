//! What came of reading the configuration again.

use serde::{Deserialize, Serialize};

use crate::ids::{PeerId, SourceName};

/// What became of what runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reloaded {
    /// Of our appearances in rooms.
    pub members: Fates<MemberName>,
    /// Of what is captured.
    pub sources: Fates<SourceName>,
    /// The tables and keys of what else has changed, and has taken effect.
    pub applied: Vec<String>,
    /// The keys of what has changed and takes effect only when the daemon is started anew.
    pub needs_restart: Vec<String>,
    /// What is odd but not wrong.
    pub warnings: Vec<String>,
}

/// What became of each of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fates<T> {
    /// Those that are new.
    pub added: Vec<T>,
    /// Those that are no more.
    pub removed: Vec<T>,
    /// Those that were begun anew, because they are not as they were.
    pub restarted: Vec<T>,
    /// Those that are as they were, and were not disturbed.
    pub kept: Vec<T>,
}

/// A member, in words that tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberName {
    /// Our id in the room.
    pub id: PeerId,
    /// The room's address without user, password, query or fragment.
    pub room: String,
}

impl<T> Default for Fates<T> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new(), restarted: Vec::new(), kept: Vec::new() }
    }
}

impl<T> Fates<T> {
    /// How many are not as they were.
    #[must_use]
    pub const fn changed(&self) -> usize {
        self.added.len() + self.removed.len() + self.restarted.len()
    }
}
