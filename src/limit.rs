//! What a room member may take only so much of, by the names that the log, the metrics and the API have for it. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What there is a limit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Peers at a time.
    Peers,
    /// Connections that are begun: by all in a second, by one in a minute.
    Joins,
    /// Offers and answers of one member in a minute.
    Descriptions,
    /// Candidates of one member for one connection.
    Candidates,
    /// Data channels that a peer opens.
    Channels,
    /// Messages over a peer's data channels in a second, by number and by bytes.
    Messages,
    /// Bytes of one such message.
    MessageSize,
    /// Sources of media (SSRCs) that a peer sends.
    Sources,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Peers,
        Self::Joins,
        Self::Descriptions,
        Self::Candidates,
        Self::Channels,
        Self::Messages,
        Self::MessageSize,
        Self::Sources,
    ];

    /// Its name, as it is serialized.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Joins => "joins",
            Self::Descriptions => "descriptions",
            Self::Candidates => "candidates",
            Self::Channels => "channels",
            Self::Messages => "messages",
            Self::MessageSize => "message_size",
            Self::Sources => "sources",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What somebody did that no page does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misdeed {
    /// Which limit it went beyond; `None` for what is wrong however little there is of it.
    pub limit: Option<Limit>,
    /// What was expected, and what came, in words.
    pub what: String,
}

impl Misdeed {
    /// What is wrong by itself.
    #[must_use]
    pub fn wrong(what: impl Into<String>) -> Self {
        Self { limit: None, what: what.into() }
    }

    /// Too much of something.
    #[must_use]
    pub fn beyond(limit: Limit, what: impl Into<String>) -> Self {
        Self { limit: Some(limit), what: what.into() }
    }
}

impl fmt::Display for Misdeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_of_each() {
        let told = include_str!("../docs/signalling.md").lines();
        let section = told.skip_while(|line| *line != "## What a member of a room may take");
        let rows = section.take_while(|line| *line != "## The relay").filter_map(|line| line.strip_prefix("| `"));
        let names: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
        assert_eq!(names, Limit::ALL.map(Limit::name));
    }

    #[test]
    fn a_limit_has_one_name() {
        for limit in Limit::ALL {
            assert_eq!(serde_json::to_value(limit).unwrap(), limit.name());
        }
    }
}
