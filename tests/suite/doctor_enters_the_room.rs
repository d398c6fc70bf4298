//! `peergate doctor --deep` enters the room beside the daemon, and counts what comes through.

use std::{fs, net::TcpListener, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{
    daemon::{Daemon, command},
    doctor::{Doctor, Examined, MODEST},
    netns::Host,
    plain_relay::PlainRelay,
};

/// A configuration, and a daemon that runs by it.
struct Site {
    folder: TempDir,
    configuration: String,
}

impl Site {
    /// With a port that is free, and `picture` in the place of the test picture.
    fn new(picture: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let modest = MODEST.replace("source = 'test'", picture);
        let configuration = format!("{modest}[http]\nlisten = '127.0.0.1:{port}'\n[[member]]\nid = 'front-door'\n");
        Self { folder: tempfile::tempdir().unwrap(), configuration }
    }

    /// In a room with a key.
    fn trusting(mut self) -> Self {
        let key = self.folder.path().join("key");
        fs::write(&key, "a key of some length").unwrap();
        self.configuration += &format!("trust = {{ key_file = {key:?}, room = 'yard' }}\n");
        self
    }

    async fn run(&self, more: &[&str]) -> Daemon {
        let file = self.folder.path().join("box.toml");
        fs::write(&file, &self.configuration).unwrap();
        let mut command = command(&["run"]);
        command.arg("--config").arg(file).args(more);
        Daemon::start(command).await
    }

    fn examined(&self) -> Examined {
        let mut doctor = Doctor::with(&self.configuration);
        doctor.command.arg("--deep");
        doctor.examine()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_come_through_from_the_daemon() {
    let front = Site::new("source = 'test'");
    let gateway = front.run(&[]).await;
    let examined = front.examined();
    examined.is_well("rooms", "front-door is connected and sends: frames ");
    assert_eq!(examined.status, Some(0), "{}", examined.text);
    let has_left = |state: &Value| state["members"][0]["peers"] == json!([]);
    gateway.wait_for_state(Duration::from_secs(20), has_left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_asks_for_the_room_s_key() {
    let front = Site::new("source = 'test'").trusting();
    let _gateway = front.run(&[]).await;
    front.examined().is_well("rooms", "front-door is connected and sends: frames ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_whose_source_gives_nothing() {
    let front = Site::new("source = 'camera'\ndevice = 'C920 that nobody has'");
    let _gateway = front.run(&[]).await;
    let examined = front.examined();
    // A slate comes in the place of pictures: the way is whole. What is missing, the sources say.
    examined.is_well("rooms", "front-door is connected");
    examined.fails("sources", "\"C920 that nobody has\" is not there", "peergate devices");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_does_not_run() {
    Site::new("source = 'test'").examined().fails("rooms", "the relay can't be reached", "systemctl start peergate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_in_another_room() {
    let front = Site::new("source = 'test'");
    let _gateway = front.run(&["--room", "embedded:other"]).await;
    front.examined().fails("rooms", "front-door should", "systemctl start peergate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_no_way_leads_to() {
    let host = Host::new();
    let relay = PlainRelay::start_on(host.router).await;
    // To the relay, and nowhere else.
    host.send_only(&[&format!("-d {} -p tcp", host.router)]);
    let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
    command.args(["run", "--listen", "none", "--stun", "none", "--id", "front-door", "--room", relay.url()]);
    let gateway = Daemon::spawn(command);
    gateway.wait_for_log("entering", Duration::from_secs(30)).await;
    let mut doctor =
        Doctor::with(&format!("{MODEST}[[member]]\nid = 'front-door'\nroom = '{}'\n", relay.url()));
    doctor.command.arg("--deep");
    doctor.examine().fails("rooms", "no connection to front-door in 15 s", "TURN server");
}
