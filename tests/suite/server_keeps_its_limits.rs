//! Nobody holds connections of the HTTP server without asking for anything, nor all of them.

use std::{net::SocketAddr, process::Command, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{self, Instant, timeout},
};

use crate::common::{
    control::Control,
    daemon::{Daemon, command},
    signalling::soon,
};

/// How many connections are served at once (src/server/connections.rs).
const CONNECTIONS: usize = 256;

/// How many of them one address has (there, too).
const OF_ONE_ADDRESS: usize = 64;

const REQUEST: &[u8] = b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn connect(address: SocketAddr, said: &[u8]) -> TcpStream {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(said).await.unwrap();
    tcp
}

/// A connection whose request was answered, and which stays open.
async fn served(address: SocketAddr) -> TcpStream {
    let mut tcp = connect(address, REQUEST).await;
    assert!(soon(answer(&mut tcp)).await.starts_with("HTTP/1.1 200 OK"));
    tcp
}

async fn answer(tcp: &mut TcpStream) -> String {
    let mut part = vec![0; 4096];
    let length = tcp.read(&mut part).await.unwrap();
    String::from_utf8(part[..length].to_vec()).unwrap()
}

/// What comes until the server closes the connection, and how long, in virtual time, that takes.
async fn until_closed(tcp: &mut TcpStream) -> (String, Duration) {
    time::pause();
    let start = Instant::now();
    let mut said = String::new();
    tcp.read_to_string(&mut said).await.unwrap();
    (said, start.elapsed())
}

fn about_ten_seconds(time: Duration) -> bool {
    (9..=11).contains(&time.as_secs())
}

#[tokio::test]
async fn a_request_that_does_not_come_whole_is_not_waited_for() {
    let control = Control::start().await;
    let mut tcp = connect(control.address, &REQUEST[..20]).await;
    let (_, time) = until_closed(&mut tcp).await;
    assert!(about_ten_seconds(time), "{time:?}");
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let control = Control::start().await;
    let mut tcp = served(control.address).await;
    let (_, time) = until_closed(&mut tcp).await;
    assert!(about_ten_seconds(time), "{time:?}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_words() {
    let control = Control::start().await;
    let head = b"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let mut tcp = connect(control.address, head).await;
    let (said, time) = until_closed(&mut tcp).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("did not come whole in time"), "{said}");
    assert!(said.contains("\r\nretry-after: 1\r\n"), "{said}");
    assert!(about_ten_seconds(time), "{time:?}");
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits_for_one() {
    let control = Control::start().await;
    let mut places = Vec::new();
    for _ in 0..CONNECTIONS {
        places.push(served(control.address).await);
    }
    soon(control.servers.subscribe().wait_for(|state| state.connections_full == 1)).await.unwrap();
    let mut next = connect(control.address, REQUEST).await;
    let early = timeout(Duration::from_millis(300), answer(&mut next)).await;
    assert!(early.is_err(), "answered although no place is free");
    places.pop();
    assert!(soon(answer(&mut next)).await.starts_with("HTTP/1.1 200 OK"));
}

/// Whether one who comes from `own` address is answered; else it is turned away.
async fn is_answered(own: &str, server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(own.parse().unwrap(), 0)).unwrap();
    let mut tcp = socket.connect(server).await.unwrap();
    // Either may fail where the server closes at once.
    let _ = tcp.write_all(REQUEST).await;
    let length = soon(tcp.read(&mut [0; 16])).await.unwrap_or_default();
    (length > 0).then_some(tcp)
}

#[tokio::test]
async fn an_address_has_its_share_of_connections_and_leaves_the_others_theirs() {
    let status = Command::new("ip").args(["address", "add", "10.77.0.2/24", "dev", "lab0"]).status().unwrap();
    assert!(status.success());
    let daemon = Daemon::start(command(&["relay", "--listen", "0.0.0.0:0"])).await;
    let server = SocketAddr::new("10.77.0.1".parse().unwrap(), daemon.address().port());
    let mut held = Vec::new();
    for _ in 0..OF_ONE_ADDRESS {
        held.push(is_answered("10.77.0.1", server).await.expect("it is within its share"));
    }
    assert!(is_answered("10.77.0.1", server).await.is_none(), "one more than its share");
    daemon.wait_for_log("an address has its share of connections", Duration::from_secs(20)).await;
    assert!(is_answered("10.77.0.2", server).await.is_some(), "another's share");
    let mut own = Vec::new();
    for _ in 0..=OF_ONE_ADDRESS {
        let loopback = SocketAddr::new("127.0.0.1".parse().unwrap(), server.port());
        own.push(is_answered("127.0.0.1", loopback).await.expect("this machine's own programs have no share"));
    }
    held.pop();
    let mut turns = time::interval(Duration::from_millis(20));
    soon(async {
        while is_answered("10.77.0.1", server).await.is_none() {
            turns.tick().await;
        }
    })
    .await;
}
