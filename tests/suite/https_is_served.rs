//! Page, API and relay over TLS: with somebody's certificate, which may change meanwhile, and with one of our own making.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::common::{
    daemon::{Daemon, command, run_to_end},
    https::{Connection, curl, got},
    private_ca::{Files, PrivateCa},
    signalling::soon,
};

const LIMIT: Duration = Duration::from_secs(20);
const NO_MEDIA: [&str; 6] = ["--video", "none", "--audio", "none", "--stun", "none"];

/// More handshakes than a daemon has at once (src/server/tls_listener.rs).
const MANY: usize = 100;

async fn daemon(files: &Files<'_>) -> Daemon {
    let flags = files.flags();
    Daemon::run(&[&NO_MEDIA, flags.each_ref().map(String::as_str).as_slice()].concat()).await
}

/// One whose certificate is of its own making, kept below `home`.
async fn self_signed(home: &Path) -> Daemon {
    let mut run = command(&["run", "--listen", "127.0.0.1:0", "--certificate", "self-signed"]);
    run.args(NO_MEDIA).env("XDG_STATE_HOME", home);
    Daemon::start(run).await
}

fn url(daemon: &Daemon, path: &str) -> String {
    format!("https://localhost:{}{path}", daemon.address().port())
}

async fn state(daemon: &Daemon, ca: &Path) -> Value {
    serde_json::from_str(&got(&url(daemon, "/api/state"), ca, &[]).await).unwrap()
}

/// Waits until our own member is in the room of the own relay, and gives the room's address.
async fn own_room(daemon: &Daemon, ca: &Path) -> String {
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let in_room = async {
        loop {
            turns.tick().await;
            let member = state(daemon, ca).await["members"][0].take();
            if member["relay"]["state"] == "connected" {
                return member["room"].as_str().unwrap().to_owned();
            }
        }
    };
    soon(in_room).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_trusts_its_ca_is_served_and_who_does_not_goes() {
    let ca = PrivateCa::new();
    let files = ca.files_for("localhost");
    let daemon = daemon(&files).await;
    let page = daemon.wait_for_log("open https", LIMIT).await;
    assert!(page.ends_with(&format!("open https://{}", daemon.address())), "{page}");
    assert!(got(&url(&daemon, "/"), &ca.file(), &[]).await.contains("<title>"));
    // It is for another name than the address by which we reach ourselves.
    assert_eq!(own_room(&daemon, &ca.file()).await, format!("wss://{}/signal", daemon.address()));
    let protocol = ["--output", "/dev/null", "--write-out", "%{http_version}"];
    assert_eq!(got(&url(&daemon, "/"), &ca.file(), &protocol).await, "1.1");
    let stranger = curl(&[&url(&daemon, "/")]).await;
    assert_eq!(stranger.status.code(), Some(60), "{}", String::from_utf8_lossy(&stranger.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_in_plain_is_told_so() {
    let ca = PrivateCa::new();
    let files = ca.files_for("localhost");
    let daemon = daemon(&files).await;
    let answer = reqwest::get(daemon.http("/api/state")).await.unwrap();
    assert_eq!(answer.status(), 400);
    let said = answer.text().await.unwrap();
    assert!(said.contains("ask for https://"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_renewed_is_shown_to_who_comes_and_others_notice_nothing() {
    let ca = PrivateCa::new();
    let files = ca.files_for("localhost");
    let daemon = daemon(&files).await;
    let mut first = Connection::open(daemon.address(), &ca.file()).await;
    assert_eq!(first.certificate(), files.der());
    assert_eq!(first.ask().await, "HTTP/1.1 200 OK");

    files.renew();
    let renewed = async {
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        loop {
            turns.tick().await;
            let next = Connection::open(daemon.address(), &ca.file()).await;
            if next.certificate() == files.der() {
                return;
            }
        }
    };
    soon(renewed).await;
    assert_eq!(first.ask().await, "HTTP/1.1 200 OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_handshake_holds_up_nobody() {
    let ca = PrivateCa::new();
    let files = ca.files_for("localhost");
    let daemon = daemon(&files).await;
    let mut slow = Vec::new();
    for at in 0..MANY {
        let mut tcp = TcpStream::connect(daemon.address()).await.unwrap();
        if at % 2 == 0 {
            // The head of a record that never comes.
            tcp.write_all(&[22, 3, 1, 1, 0]).await.unwrap();
        }
        slow.push(tcp);
    }
    let mut quick = soon(Connection::open(daemon.address(), &ca.file())).await;
    assert_eq!(soon(quick.ask()).await, "HTTP/1.1 200 OK");
    // The oldest had to go for those that came after it, long before its time was up.
    let gone = timeout(Duration::from_secs(5), slow[0].read(&mut [0])).await.expect("it is gone already");
    assert!(matches!(gone, Ok(0) | Err(_)), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_our_own_making_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("peergate");
    let certificate = folder.join("certificate.pem");
    let first = self_signed(home.path()).await;
    let told = fingerprint(&first).await;
    assert!(own_room(&first, &certificate).await.starts_with("wss://127.0.0.1:"));
    let mode = fs::metadata(folder.join("self-signed.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(first);
    let second = self_signed(home.path()).await;
    assert_eq!(fingerprint(&second).await, told);
    assert!(got(&url(&second, "/"), &certificate, &[]).await.contains("<title>"));
}

#[tokio::test]
async fn files_that_do_not_fit_are_told_at_the_start_and_by_check() {
    let ca = PrivateCa::new();
    let (one, other) = (ca.files_for("localhost"), ca.files_for("localhost"));
    let ([_, certificate, ..], [.., key]) = (one.flags(), other.flags());
    let ended = run_to_end(command(&["run", "--listen", "127.0.0.1:0", "--certificate", &certificate, "--key", &key]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("TLS ([http] certificate, --certificate): the key in "), "{}", ended.stderr);

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("[http]\ncertificate = {certificate:?}\nkey = {key:?}\n")).unwrap();
    let ended = run_to_end(command(&["check", file.path().to_str().unwrap()]));
    assert_eq!(ended.status.code(), Some(64));
    assert!(ended.stderr.contains("[http]: the key in "), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_alone_speaks_it_too() {
    let ca = PrivateCa::new();
    let files = ca.files_for("localhost");
    let flags = files.flags();
    let fixed = ["relay", "--listen", "127.0.0.1:0"];
    let relay = Daemon::start(command(&[&fixed, flags.each_ref().map(String::as_str).as_slice()].concat())).await;
    relay.wait_for_log(&format!("the relay is at wss://{}/signal", relay.address()), LIMIT).await;
    let mut connection = Connection::open(relay.address(), &ca.file()).await;
    assert_eq!(connection.ask().await, "HTTP/1.1 404 Not Found");
}

/// What the log says of the certificate.
async fn fingerprint(daemon: &Daemon) -> String {
    let line = daemon.wait_for_log("the certificate that is shown", LIMIT).await;
    let (_, rest) = line.split_once("fingerprint=").unwrap();
    rest.split_whitespace().nth(1).unwrap().to_owned()
}
