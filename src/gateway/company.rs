//! Who of ours is in which room: members of one process in one room are siblings, and have nothing to show each other.

use std::collections::{BTreeMap, BTreeSet};

use super::MemberSettings;
use crate::ids::PeerId;

/// The ids of our members by room. Rooms are the same when their addresses are, user, password and query left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Company(BTreeMap<String, BTreeSet<PeerId>>);

impl Company {
    /// That of these members.
    pub(super) fn of<'a>(members: impl Iterator<Item = &'a MemberSettings>) -> Self {
        let mut rooms: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for member in members {
            rooms.entry(room(member)).or_default().insert(member.id.clone());
        }
        Self(rooms)
    }

    /// The others in the same room.
    pub(super) fn siblings(&self, member: &MemberSettings) -> BTreeSet<PeerId> {
        let ours = self.0.get(&room(member)).into_iter().flatten();
        ours.filter(|id| **id != member.id).cloned().collect()
    }
}

fn room(member: &MemberSettings) -> String {
    member.relay.url.to_string()
}
