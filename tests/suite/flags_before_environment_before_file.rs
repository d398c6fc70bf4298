//! What flags say comes before what the environment says, and that before the file.

use std::{fs, time::Duration};

use super::common::daemon::{Daemon, command, run_to_end};

/// Each layer says a listening address; the one that counts is the one that is complained about.
fn complaint(file: Option<&str>, variable: Option<&str>, flag: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.toml");
    fs::write(&path, file.map(|listen| format!("[http]\nlisten = {listen:?}\n")).unwrap_or_default()).unwrap();
    let mut command = command(&["run"]);
    command.env("PEERGATE_CONFIG", &path);
    if let Some(listen) = variable {
        command.env("PEERGATE_LISTEN", listen);
    }
    if let Some(listen) = flag {
        command.args(["--listen", listen]);
    }
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(64), "{}", ended.stderr);
    ended.stderr.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn in_this_order() {
    let text = "expected an address and a port like \"127.0.0.1:8080\" or \"[::1]:8080\", or \"none\", got";
    assert_eq!(complaint(Some("a"), None, None), format!("box.toml:2:10: http.listen: {text} \"a\"\n"));
    assert_eq!(complaint(Some("a"), Some("b"), None), format!("PEERGATE_LISTEN: {text} \"b\"\n"));
    assert_eq!(complaint(Some("a"), Some("b"), Some("c")), format!("--listen: {text} \"c\"\n"));
    assert_eq!(complaint(None, Some("b"), Some("c")), format!("--listen: {text} \"c\"\n"));
    // An empty variable says nothing.
    assert_eq!(complaint(Some("a"), Some(""), None), format!("box.toml:2:10: http.listen: {text} \"a\"\n"));
}

#[tokio::test]
async fn a_variable_that_means_nothing_is_told_with_the_nearest_that_does() {
    let mut command = command(&["run", "--listen", "127.0.0.1:0"]);
    command.env("PEERGATE_BITRAT", "1M");
    let daemon = Daemon::start(command).await;
    let said = "PEERGATE_BITRAT of the environment means nothing here; the nearest that does is PEERGATE_BITRATE";
    daemon.wait_for_log(said, Duration::ZERO).await;
}
