//! A TURN server: Debian's coturn, on a host of its own.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use peergate::ice::TurnTransport;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{netns::Host, wait::wait_until};

/// Every character that has a meaning in a URL or in coturn's own files.
pub(crate) const USER: &str = "us:er@x";
pub(crate) const PASSWORD: &str = "p/a+s%s w";

const REALM: &str = "lab";
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

/// A running server that is spoken to in one way. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Child,
    folder: tempfile::TempDir,
    host: Host,
}

impl Server {
    /// Starts one that lets [`USER`] in over `transport` and no other, and waits until it listens.
    pub(crate) async fn start(transport: TurnTransport) -> Self {
        let refused: &[&str] = match transport {
            TurnTransport::Udp => &["--no-tcp", "--no-tls"],
            TurnTransport::Tcp => &["--no-udp", "--no-tls"],
            TurnTransport::Tls => &["--no-udp", "--no-tcp"],
        };
        let host = Host::new();
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        // The only way to a user with a colon in the name.
        let added = Command::new("turnadmin")
            .args(["--add", "--user", USER, "--password", PASSWORD, "--realm", REALM, "--db"])
            .arg(file("users"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(added.success(), "turnadmin adds a user");

        let certified = rcgen::generate_simple_self_signed([host.address.to_string()]).unwrap();
        fs::write(file("certificate"), certified.cert.pem()).unwrap();
        fs::write(file("key"), certified.signing_key.serialize_pem()).unwrap();

        let log = File::create(file("log")).unwrap();
        let process = host
            .command("turnserver")
            .args(["-n", "--no-cli", "--no-dtls", "--fingerprint", "--lt-cred-mech", "--realm", REALM])
            .args(refused)
            .args(["--log-file=stdout", "--simple-log", "--verbose"])
            .arg(format!("--listening-ip={}", host.address))
            .arg(format!("--relay-ip={}", host.address))
            .args(["--listening-port", &PORT.to_string(), "--tls-listening-port", &TLS_PORT.to_string()])
            .args(option("--userdb", &file("users")))
            .args(option("--cert", &file("certificate")))
            .args(option("--pkey", &file("key")))
            .args(option("--pidfile", &file("pid")))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let port = if transport == TurnTransport::Tls { TLS_PORT } else { PORT };
        let server = Self { address: (host.address, port).into(), process, folder, host };
        let address = server.address.to_string();
        wait_until("the TURN server listens", Duration::from_secs(20), || {
            server.log().lines().any(|line| line.contains("listener opened") && line.ends_with(&address))
        })
        .await;
        server
    }

    /// From now on this `share` of the UDP packets that it sends to us is lost: what it relays to peers that are here.
    pub(crate) fn lose(&self, share: f32) {
        self.host.lose(share);
    }

    /// The certificate that it shows, as PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate")
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How a server at `address` is named, as the user [`USER`] with a password.
pub(crate) fn url(transport: TurnTransport, address: SocketAddr, password: &str) -> String {
    let (scheme, query) = match transport {
        TurnTransport::Udp => ("turn", ""),
        TurnTransport::Tcp => ("turn", "?transport=tcp"),
        TurnTransport::Tls => ("turns", ""),
    };
    let [user, password] = [USER, password].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
    format!("{scheme}:{user}:{password}@{address}{query}")
}

fn option(name: &str, value: &Path) -> [String; 2] {
    [name.to_owned(), value.to_str().unwrap().to_owned()]
}
