//! Every example configuration passes `peergate check`.

use std::fs;

use super::common::daemon::{command, run_to_end};

#[test]
fn each_of_them() {
    let mut seen = 0;
    for entry in fs::read_dir("config/examples").unwrap() {
        let path = entry.unwrap().path();
        let ended = run_to_end(command(&["check", path.to_str().unwrap()]));
        assert_eq!(ended.status.code(), Some(0), "{}: {}", path.display(), ended.stderr);
        seen += 1;
    }
    assert!(seen >= 4);
}
