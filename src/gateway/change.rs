//! What is to become of a gateway that runs.

use super::MemberSettings;
use crate::{ids::MemberKey, studio::Repertoire};

/// All that there is to be from now on. What is the same already is not disturbed.
#[derive(Debug)]
pub struct Change {
    /// The members, in the order in which they are shown. Who is not named leaves, and before the new ones enter.
    pub members: Vec<MemberChange>,
    /// The sources; `None` for those that there are. They change between the last who leaves and the first who enters.
    pub sources: Option<Repertoire>,
}

/// A member that there is to be.
#[derive(Debug)]
pub enum MemberChange {
    /// This one, as it is.
    Stay(MemberKey),
    /// A new one.
    Enter(Box<MemberSettings>),
}

impl Change {
    /// From nothing to these.
    pub(super) fn begin(members: Vec<MemberSettings>) -> Self {
        let members = members.into_iter().map(|member| MemberChange::Enter(Box::new(member)));
        Self { members: members.collect(), sources: None }
    }
}
