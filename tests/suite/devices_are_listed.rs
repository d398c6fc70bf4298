//! `peergate devices` lists screens and sound, and each flag that it prints is one that `peergate run` takes. Cameras:
//! `camera_is_listed.rs`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::common::{
    daemon::{Daemon, Ended, command, run_to_end},
    pulse::{Home, Pulse},
    xvfb::Xvfb,
};

/// How long a source may take to give something, on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);

fn devices(home: &Home, arguments: &[&str]) -> Ended {
    let mut command = command(&[&["devices"], arguments].concat());
    home.give_to(&mut command);
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    ended
}

fn listed(home: &Home) -> Value {
    serde_json::from_str(&devices(home, &["--json"]).stdout).unwrap()
}

fn home() -> Home {
    Home::of(Arc::new(tempfile::tempdir().unwrap()))
}

/// Runs a gateway that captures only what `flag` and `spec` say, until it has come from there.
async fn runs_with(home: &Home, flag: &str, spec: &Value) {
    let spec = spec.as_str().unwrap();
    let other = if flag == "--video" { "--audio" } else { "--video" };
    let arguments = ["run", "--listen", "127.0.0.1:0", "--stun", "none", flag, spec, other, "none", "--record", "local"];
    let recordings = tempfile::tempdir().unwrap();
    let mut command = command(&arguments);
    command.args(["--record-dir", recordings.path().to_str().unwrap()]);
    home.give_to(&mut command);
    let gateway = Daemon::start(command).await;
    gateway
        .wait_for_state(LIMIT, |state| {
            let sources = state["sources"].as_array().unwrap();
            sources.iter().any(|source| source["spec"] == spec && source["frames"].as_u64() > Some(0))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_flag_of_the_list_is_one_to_run_with() {
    let (home, screen) = (home(), Xvfb::start());
    let _server = Pulse::start(&home);
    let list = listed(&home);
    assert_eq!(list["monitors"], json!([{ "name": "Room", "selector": "room", "spec": "monitor:room" }]));
    assert_eq!(list["microphones"], json!([]), "the server has none");
    let screens = list["screens"].as_array().unwrap();
    let found = screens.iter().find(|found| found["selector"] == screen.display).unwrap();
    assert_eq!(found["size"], json!({ "width": 640, "height": 480 }));
    runs_with(&home, "--audio", &list["monitors"][0]["spec"]).await;
    runs_with(&home, "--video", &found["spec"]).await;

    let text = devices(&home, &[]).stdout;
    assert!(text.contains("\nmonitors (what is played):\n  --audio monitor:room  Room\n"), "{text}");
    assert!(text.contains(&format!("\n  --video screen:{}  640x480\n", screen.display)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_is_not_there_keeps_nothing_else_from_the_list() {
    let (home, screen) = (home(), Xvfb::start());
    let ended = devices(&home, &["--json"]);
    assert!(ended.stderr.starts_with("microphones and monitors: the sound server can't be reached"), "{}", ended.stderr);
    assert!(ended.stderr.contains("XDG_RUNTIME_DIR="), "{}", ended.stderr);
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(list["screens"].as_array().unwrap().iter().any(|found| found["selector"] == screen.display), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_stands_still_is_not_waited_for() {
    let (home, screen) = (home(), Xvfb::start());
    let server = Pulse::start(&home);
    server.stand_still();
    let ended = devices(&home, &["--json"]);
    assert!(ended.stderr.contains("the sound server does not answer within 5 s"), "{}", ended.stderr);
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(list["screens"].as_array().unwrap().iter().any(|found| found["selector"] == screen.display), "{list}");
}
