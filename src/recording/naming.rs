//! What folders are called: `DIR/MEMBER/PEER/START.mkv`, with a member's and a peer's id as [`folder_name`] has them, and
//! [`LOCAL`] for what the member itself sends. [`Stem`](super::Stem) is for the files.
//!
//! Ids come from strangers, and recordings are kept on file systems of all kinds: a card with FAT, a share, a Mac's disk.

use sha2::{Digest, Sha256};

/// The longest name, in bytes. File systems take 255; encrypted ones 140.
const MAX_BYTES: usize = 100;

/// What is left of an id that is not tame, in bytes. The rest of [`MAX_BYTES`] is for what makes it unique, and to spare.
const MAX_READABLE: usize = 64;

/// How many bytes of the digest make a name unique. Who wants the folder of another's id has to try 2^64 ids.
const UNIQUE: usize = 8;

/// Stands before what makes a name unique. No tame id has one.
const MARK: char = '~';

/// The folder of what a member itself sends, beside those of its peers. No id's folder is called so.
pub const LOCAL: &str = "local~";

/// What Windows takes for a device, whatever its case and with any ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// With a digit behind, these are devices, too.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// The name of an id's folder, 1 to 100 bytes of ASCII. No two ids share a folder, not even where file systems do not tell
/// upper case from lower.
///
/// An id that is tame (lower-case letters, digits, `-`, `_`, and `.` but not at either end) is its own folder. Of another
/// the name keeps what can be read, and has a part of the id's SHA-256 behind a `~`.
#[must_use]
pub fn folder_name(id: &str) -> String {
    if is_tame(id) {
        return id.to_owned();
    }
    // Without dots: nothing is an ending, and no name begins or ends with one.
    let readable = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let mut name: String = id.chars().map(readable).take(MAX_READABLE).collect();
    name.push(MARK);
    for byte in Sha256::digest(id).iter().take(UNIQUE) {
        name.push_str(&format!("{byte:02x}"));
    }
    name
}

/// Whether some id's folder may be called so.
#[must_use]
pub fn is_folder_name(name: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_unique = |unique: &str| unique.len() == 2 * UNIQUE && unique.bytes().all(is_digit);
    let is_readable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let marked = name.split_once(MARK).filter(|(readable, _)| readable.len() <= MAX_READABLE);
    is_tame(name) || marked.is_some_and(|(readable, unique)| readable.bytes().all(is_readable) && is_unique(unique))
}

fn is_tame(id: &str) -> bool {
    let is_tame = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    (1..=MAX_BYTES).contains(&id.len())
        && id.bytes().all(is_tame)
        && !id.starts_with('.')
        && !id.ends_with('.')
        && !is_device(id)
}

/// Whether Windows takes this, of lower-case letters, for a device.
fn is_device(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or(name);
    let is_numbered = |device: &&str| {
        name.strip_prefix(*device).is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
    };
    DEVICES.contains(&name) || NUMBERED_DEVICES.iter().any(is_numbered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tame_ids_are_their_own_folders() {
        for id in ["front-door", "cam_1.left", "0", "-", "_", "a..b", "console", "com10", &"x".repeat(100)] {
            assert_eq!(folder_name(id), id);
        }
    }

    #[test]
    fn others_stay_readable() {
        for (id, name) in [
            ("Front Door", "Front_Door~"),
            ("../../etc", "______etc~"),
            ("", "~"),
            ("con", "con~"),
            ("lpt1.txt", "lpt1_txt~"),
            ("a.", "a_~"),
            (".a", "_a~"),
            ("~", "_~"),
            ("T\u{fc}r", "T_r~"),
        ] {
            let got = folder_name(id);
            assert!(got.starts_with(name) && got.len() == name.len() + 2 * UNIQUE, "{id}: {got}");
        }
    }

    #[test]
    fn folders_differ_where_case_is_not_told() {
        let ids = ["front", "Front", "FRONT", "front~", "local", "local~"];
        let mut folders: Vec<_> = ids.map(folder_name).into_iter().chain([LOCAL.to_owned()]).collect();
        folders.iter_mut().for_each(|folder| folder.make_ascii_lowercase());
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), ids.len() + 1);
    }

    #[test]
    fn folders_of_others_are_told() {
        for name in ["lost+found", "Front Door", "Front", "a~b", "~", LOCAL, "", ".", "x~0123456789ABCDEF"] {
            assert!(!is_folder_name(name), "{name}");
        }
    }

    /// Ids as strangers choose them: anything, and what is nearly a name.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,20}",
            "[a-cA-C.~ _-]{0,4}",
            "(?i)(con|nul|com[0-9]|lpt[0-9]|prn|aux|conin\\$)(\\.[a-b]{0,2})?",
            "[a-b\u{e4}]{95,130}",
        ]
    }

    fn is_safe(name: &str) -> bool {
        let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_char_safe = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        (1..=MAX_BYTES).contains(&name.len())
            && name.chars().all(is_char_safe)
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !["con", "nul", "prn", "aux"].contains(&stem.as_str())
            && !(stem.len() == 4
                && (stem.starts_with("com") || stem.starts_with("lpt"))
                && stem.ends_with(|c: char| c.is_ascii_digit()))
    }

    proptest! {
        #[test]
        fn names_are_safe(id in id()) {
            let name = folder_name(&id);
            prop_assert!(is_safe(&name), "{}", name);
            prop_assert!(is_folder_name(&name), "{}", name);
        }

        #[test]
        fn no_two_ids_share_a_folder(one in id(), other in id()) {
            let fold = |id: &str| folder_name(id).to_ascii_lowercase();
            prop_assert_eq!(fold(&one) == fold(&other), one == other);
        }

        #[test]
        fn a_folder_s_name_as_an_id_has_another_folder(id in id()) {
            let name = folder_name(&id);
            prop_assert!(name == id || folder_name(&name) != name);
        }
    }
}
