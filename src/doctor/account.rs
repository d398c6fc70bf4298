//! Who we are to the system, and what would let us have a device.

use std::{os::unix::fs::MetadataExt, path::Path};

use nix::unistd::{Gid, Group, Uid, User};

/// The user's name; the number where it has none.
pub(super) fn user() -> String {
    let id = Uid::effective();
    User::from_uid(id).ok().flatten().map_or_else(|| id.to_string(), |user| user.name)
}

/// The command that lets this user open what belongs to a group that is made for it, as devices do; `None`: no such group
/// does.
pub(super) fn join_group_of(node: &Path) -> Option<String> {
    let node = std::fs::metadata(node).ok()?;
    if !is_for_a_group(node.gid(), node.mode()) {
        return None;
    }
    let group = Group::from_gid(Gid::from_raw(node.gid())).ok().flatten()?.name;
    Some(format!("sudo usermod --append --groups {group} {}, and log in again", user()))
}

/// Whether its group may read and write it. The group 0, root's, has the whole machine to lose.
const fn is_for_a_group(id: u32, mode: u32) -> bool {
    id != 0 && mode & 0o060 == 0o060
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_joins_a_group_that_does_not_help_or_gives_too_much() {
        const VIDEO: u32 = 44;
        assert!(is_for_a_group(VIDEO, 0o20660));
        assert!(!is_for_a_group(VIDEO, 0o20600));
        assert!(!is_for_a_group(VIDEO, 0o20640));
        assert!(!is_for_a_group(0, 0o20660));
    }
}
