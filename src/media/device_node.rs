//! What stands for a device in the file system: a camera, an encoder.

use std::{fs, io, path::Path};

/// Whether the system keeps it from this user. Opens it, which waits for its driver: not for async code. What else may be
/// wrong with a device, who uses it says better.
#[must_use]
pub fn is_forbidden(node: &Path) -> bool {
    let opened = fs::File::options().read(true).write(true).open(node);
    opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
