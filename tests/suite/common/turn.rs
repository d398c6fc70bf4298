//! A TURN server: Debian's coturn, on a host of its own.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{netns::Host, wait::wait_until};

/// Every character that has a meaning in a URL or in coturn's own files.
pub(crate) const USER: &str = "us:er@x";
pub(crate) const PASSWORD: &str = "p/a+s%s w";

const REALM: &str = "lab";
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

/// A running server, over UDP, TCP and TLS. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct TurnServer {
    host: Host,
    process: Child,
    folder: tempfile::TempDir,
}

impl TurnServer {
    /// Starts one that lets [`USER`] in, and waits until it listens.
    pub(crate) async fn start() -> Self {
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
        let server = Self { host, process, folder };
        wait_until("the TURN server listens", Duration::from_secs(20), || {
            TcpStream::connect(server.address()).is_ok() && TcpStream::connect(server.tls_address()).is_ok()
        })
        .await;
        server
    }

    /// Where it listens to UDP and TCP.
    pub(crate) fn address(&self) -> SocketAddr {
        (self.host.address, PORT).into()
    }

    /// Where it listens to TLS.
    pub(crate) fn tls_address(&self) -> SocketAddr {
        (self.host.address, TLS_PORT).into()
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

impl Drop for TurnServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn option(name: &str, value: &Path) -> [String; 2] {
    [name.to_owned(), value.to_str().unwrap().to_owned()]
}
