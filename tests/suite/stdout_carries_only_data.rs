//! What people read goes to stderr; stdout is for data that was asked for.

use super::common::daemon::{command, run_to_end};

#[test]
fn logs_are_on_stderr_and_as_json_one_object_a_line() {
    // An address that nobody has: it starts, logs, and gives up.
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "a-token-of-the-test").unwrap();
    let token = token.to_str().unwrap();
    let arguments = ["run", "--listen", "[2001:db8::1]:1", "--control-token-file", token, "--log-format", "json"];
    let ended = run_to_end(command(&arguments));
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    for line in ended.stderr.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["level"].is_string() && object["message"].is_string(), "{line}");
    }
    assert!(ended.stderr.contains("could not listen on [2001:db8::1]:1"), "{}", ended.stderr);
}
