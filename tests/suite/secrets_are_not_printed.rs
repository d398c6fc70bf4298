//! No secret of a configuration shows: not in `Debug`, not in errors, not in help, not in logs.

use std::{fs, time::Duration};

use peergate::config;

use super::common::{
    daemon::{self, Daemon},
    scripted_relay::ScriptedRelay,
};

#[test]
fn settings_show_none() {
    let settings = config::parse(
        "[ice]\nturn = ['turn:geheim1:geheim2@turn.example', { url = 'turn:h', user = 'geheim3', password = 'geheim4' }]\n\
         [[member]]\nroom = 'wss://geheim5:geheim6@relay.example/room?token=geheim7'\n\
         headers = { Authorization = 'Bearer geheim8' }\n",
    )
    .unwrap();
    let shown = format!("{settings:?}");
    assert!(shown.contains("relay.example/room") && shown.contains("turn.example"), "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
}

#[test]
fn errors_show_none() {
    for text in [
        "[ice]\nturn = ['turn:geheim:geheim']",
        "[ice]\nturn = ['turn:geheim%@h']",
        "[ice]\nturn = ['stun:geheim:geheim@h']",
        "[ice]\nturn = [{ url = 'turn:geheim:geheim@h', user = 'geheim', password = 'geheim' }]",
        "[ice]\nturn = [{ url = 'turn:h', user = 'geheim', pasword = 'geheim' }]",
        "[ice]\nturn = [['geheim']]",
        "[ice]\nturn = 'turn:u:geheim\n",
        "[ice]\nstun = 'stun:geheim:geheim@h'",
        "[[member]]\nroom = 'http://geheim:geheim@h?geheim'",
        "[[member]]\nroom = 'ws://geheim:geheim@h:port'",
        "[[member]]\nheaders = { X = \"geheim\\u0007\" }",
        "[[member]]\nheaders = { X = ['geheim'] }",
    ] {
        let problems = config::parse(text).expect_err(text).to_string();
        assert!(!problems.contains("geheim"), "{text}\n gives: {problems}");
    }
}

#[test]
fn help_shows_none() {
    let mut command = daemon::command(&["run", "--help"]);
    command.env("PEERGATE_TURN", "turn:u:geheim@h").env("PEERGATE_ROOM", "ws://u:geheim@h");
    let ended = daemon::run_to_end(command);
    assert!(ended.status.success());
    assert!(!(ended.stdout + &ended.stderr).contains("geheim"));
}

#[tokio::test]
async fn logs_show_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("control-token"), "geheim9-of-sixteen-and-more\n").unwrap();
    let mut command = daemon::command(&["run", "--listen", "127.0.0.1:0", "--log", "trace"]);
    command
        .env("CREDENTIALS_DIRECTORY", folder.path())
        .env("PEERGATE_CONTROL_TOKEN_FILE", "control-token")
        .env("PEERGATE_TURN", "turn:geheim1:geheim2@127.0.0.1:9 turns:geheim3:geheim4@127.0.0.1:9");
    let mut daemon = Daemon::start(command).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ended(Duration::from_secs(10)).await.code(), Some(0));
    assert!(!daemon.log().contains("geheim"), "{}", daemon.log());
}

#[tokio::test]
async fn a_handshake_with_a_relay_shows_none() {
    let relay = ScriptedRelay::plain().await;
    let room = format!("ws://geheim1:geheim2@{}/room?token=geheim3", relay.address());
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("peergate.toml");
    let text = format!("[[member]]\nroom = '{room}'\nheaders = {{ X-Key = 'geheim4' }}\nprotocols = ['geheim5']\n");
    fs::write(&configuration, text).unwrap();
    let mut daemon = Daemon::run(&["--log", "trace", "--config", configuration.to_str().unwrap()]).await;
    let visitor = relay.let_in().await;
    assert_eq!(visitor.headers["x-key"], "geheim4");
    daemon.wait_for_log("connected", Duration::from_secs(10)).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ended(Duration::from_secs(10)).await.code(), Some(0));
    assert!(!daemon.log().contains("geheim"), "{}", daemon.log());
}
