//! Who we are to the system, and what would let us have a device.

use std::{os::unix::fs::MetadataExt, path::Path};

use nix::unistd::{Gid, Group, Uid, User};

/// The user's name; the number where it has none.
pub(super) fn user() -> String {
    let id = Uid::effective();
    User::from_uid(id).ok().flatten().map_or_else(|| id.to_string(), |user| user.name)
}

/// The command that lets this user open what belongs to a group that is made for it, as devices do.
pub(super) fn join_group_of(node: &Path) -> Option<String> {
    let id = std::fs::metadata(node).ok()?.gid();
    let group = Group::from_gid(Gid::from_raw(id)).ok().flatten()?.name;
    Some(format!("sudo usermod --append --groups {group} {}, and log in again", user()))
}
