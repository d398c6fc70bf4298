//! Programs that call cargo.

use std::process::Command;

/// Takes from the environment of `command` what cargo tells the programs that it runs: some crates would be built anew for
/// it, and all that depends on them.
pub(crate) fn as_by_hand(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "OUT_DIR" {
            command.env_remove(&name);
        }
    }
    command
}
