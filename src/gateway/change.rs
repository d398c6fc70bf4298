//! What is to become of a gateway that runs.

use super::MemberSettings;
use crate::ids::MemberKey;

/// All that there is to be from now on. What is the same already is not disturbed.
#[derive(Debug)]
pub struct Change {
    /// The members, in the order in which they are shown. Who is not named leaves, and before the new ones enter.
    pub members: Vec<MemberChange>,
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
        Self { members: members.into_iter().map(|member| MemberChange::Enter(Box::new(member))).collect() }
    }
}
