//! `peergate doctor` asks STUN and TURN servers, and tells one that is not there from one that does not let us in.

use std::net::SocketAddr;

use peergate::ice::TurnTransport::{Tcp, Tls, Udp};

use crate::common::{
    doctor::{Doctor, Examined, MODEST},
    netns::Host,
    turn::{self, PASSWORD, USER, url},
};

/// What is found with these, where the server's certificate is trusted.
fn examined(stun: &str, turn: &str, server: Option<&turn::Server>) -> Examined {
    let configuration = MODEST.replace("stun = 'none'", &format!("stun = '{stun}'\nturn = [\"{turn}\"]"));
    let mut doctor = Doctor::with(&configuration);
    if let Some(server) = server {
        doctor.command.env("SSL_CERT_FILE", server.certificate());
    }
    let examined = doctor.examine();
    assert!(!examined.text.contains(PASSWORD) && !examined.text.contains("secret"), "{}", examined.text);
    examined
}

#[tokio::test(flavor = "multi_thread")]
async fn over_udp() {
    let server = turn::Server::start(Udp).await;
    let address = server.address;
    let stun = format!("stun:{address}");
    let examined_here = examined(&stun, &url(Udp, address, PASSWORD), None);
    examined_here.is_well("stun", &format!("{address} answers; it sees us at 10.78.1.1"));
    examined_here.is_well("turn", &format!("{address} relays for us, over UDP"));
    assert_eq!(examined_here.status, Some(0), "{}", examined_here.text);
    // What was asked for was given back.
    let log = server.log();
    let freed = format!("user <{USER}>: incoming packet REFRESH processed, success");
    assert!(log.contains(&freed), "{log}");

    let wrong = examined(&stun, &url(Udp, address, "secret"), None);
    wrong.fails("turn", "answers over UDP, and refuses our user and password", "[ice] turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp() {
    let server = turn::Server::start(Tcp).await;
    examined("none", &url(Tcp, server.address, PASSWORD), None).is_well("turn", "relays for us, over TCP");
    let wrong = examined("none", &url(Tcp, server.address, "secret"), None);
    wrong.fails("turn", "answers over TCP, and refuses our user and password", "[ice] turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls() {
    let server = turn::Server::start(Tls).await;
    let good = url(Tls, server.address, PASSWORD);
    examined("none", &good, Some(&server)).is_well("turn", "relays for us, over TLS");
    examined("none", &good, None).fails("turn", "can't be spoken to over TLS", "SSL_CERT_FILE");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_there() {
    let host = Host::new();
    let nobody = SocketAddr::from((host.address, 3478));
    let stun = format!("stun:{nobody}");
    // Nobody listens, which the host says.
    let refused = examined(&stun, &url(Udp, nobody, PASSWORD), None);
    refused.fails("turn", "can't be reached (Connection refused", "let UDP to 10.78.1.2 port 3478 through");
    let warned = refused.about("stun");
    assert!(warned[0].starts_with("warning: 10.78.1.2:3478 can't be reached"), "{warned:?}");
    let refused = examined("none", &url(Tcp, nobody, PASSWORD), None);
    refused.fails("turn", "can't be reached (Connection refused", "let TCP to 10.78.1.2 port 3478 through");
    // A firewall says nothing.
    host.send_only(&[]);
    let silent = examined("none", &url(Udp, nobody, PASSWORD), None);
    silent.fails("turn", "10.78.1.2:3478 does not answer within 5 s, over UDP", "start the server");
    let nameless = examined("none", "turn:u:p@turn.example:3478", None);
    nameless.fails("turn", "turn.example:3478 is a name that nobody knows here", "getent ahosts turn.example");
}
