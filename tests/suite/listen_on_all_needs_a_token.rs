//! Whoever can reach the API controls the daemon, so an address that others can reach asks for a token first.

use std::{fs, time::Duration};

use super::common::daemon::{Daemon, command, run_to_end};

#[test]
fn without_a_token_it_does_not_start() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let ended = run_to_end(command(&["run", "--listen", address]));
        assert_eq!(ended.status.code(), Some(64), "{address}");
        assert!(ended.stderr.starts_with("--listen: expected a loopback address"), "{}", ended.stderr);
        assert!(ended.stderr.contains("--control-token-file FILE"), "{}", ended.stderr);
    }
}

#[test]
fn a_token_that_can_be_guessed_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "short\n").unwrap();
    let ended = run_to_end(command(&["run", "--listen", "0.0.0.0:0", "--control-token-file", token.to_str().unwrap()]));
    assert_eq!(ended.status.code(), Some(64));
    let expected = format!("--control-token-file: {}: expected a token of 16 characters or more, got 5; ", token.display());
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
}

#[tokio::test]
async fn who_guesses_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "of-my-own-and-long-enough\n").unwrap();
    let daemon = Daemon::gateway(&["--control-token-file", token.to_str().unwrap()]).await;
    let ask = |token| reqwest::Client::new().get(daemon.http("/api/state")).bearer_auth(token).send();
    for _ in 0..100 {
        assert_eq!(ask("a-guess").await.unwrap().status(), 401);
    }
    assert_eq!(ask("of-my-own-and-long-enough").await.unwrap().status(), 200);
    daemon.wait_for_log("a program asks with a wrong token", Duration::from_secs(10)).await;
    let told = daemon.log().matches("a program asks with a wrong token").count();
    assert!(told < 50, "not each: {}", daemon.log());
}

#[tokio::test]
async fn with_a_token_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "of-my-own-and-long-enough\n").unwrap();
    let arguments = ["run", "--listen", "0.0.0.0:0", "--control-token-file", token.to_str().unwrap()];
    let mut daemon = Daemon::start(command(&arguments)).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ended(Duration::from_secs(10)).await.code(), Some(0));
}

#[tokio::test]
async fn a_relay_alone_has_nothing_to_control() {
    let mut daemon = Daemon::start(command(&["relay", "--listen", "0.0.0.0:0"])).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ended(Duration::from_secs(10)).await.code(), Some(0));
}
