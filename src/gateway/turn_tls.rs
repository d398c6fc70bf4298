//! TURN over TLS. libnice takes a `turns:` server and speaks plain TCP to it all the same, so we speak TLS in its
//! place: each such server gets a door on loopback, and what libnice sends there over TCP goes on through TLS.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::hub;
use crate::{
    ice::{HostPort, TurnServer, TurnTransport},
    tls::{self, Anchors, TrustError},
};

/// How long a server may take to be reached. ICE has given it up by then.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long a side may take nothing before it counts as gone. ICE has given the server up by then.
const STALL_LIMIT: Duration = Duration::from_secs(10);

/// What is read at once: the largest record of TLS.
const CHUNK_BYTES: usize = 16 * 1024;

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// There is nothing to check the server's certificate with.
    #[error("no TURN server can be spoken to over TLS: {0}")]
    Trust(#[from] TrustError),
    /// The system gives no port.
    #[error("no TURN server can be spoken to over TLS: no port on 127.0.0.1 for it: {0}")]
    Listen(#[from] io::Error),
}

/// Opens a door for each server of `servers` that is spoken to over TLS, and puts the door in its place. The doors close
/// when `stopping` says so. Must be called within a tokio runtime.
pub(super) fn open_doors<'a>(
    servers: impl Iterator<Item = &'a mut TurnServer>,
    stopping: &watch::Receiver<bool>,
) -> Result<(), DoorError> {
    let mut opened: Vec<(HostPort, SocketAddr)> = Vec::new();
    for turn in servers.filter(|turn| turn.transport == TurnTransport::Tls) {
        let known = opened.iter().find(|(server, _)| *server == turn.server).map(|(_, door)| *door);
        let door = match known {
            Some(door) => door,
            None => {
                let door = Door::new(turn.server.clone())?;
                let address = door.listener.local_addr()?;
                tokio::spawn(door.serve(stopping.clone()));
                opened.push((turn.server.clone(), address));
                address
            }
        };
        turn.server = HostPort { host: door.ip().to_string(), port: door.port() };
        turn.transport = TurnTransport::Tcp;
    }
    Ok(())
}

/// A listener whose connections go on to one server.
struct Door {
    listener: TcpListener,
    way: Arc<Way>,
}

/// How a server is reached.
struct Way {
    server: HostPort,
    tls: Arc<ClientConfig>,
    /// Whether the last connection came about. Only changes are worth a line in the log.
    open: AtomicBool,
}

impl Door {
    fn new(server: HostPort) -> Result<Self, DoorError> {
        let tls = Anchors::System.client_config()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let way = Way { server, tls, open: AtomicBool::new(true) };
        Ok(Self { listener: TcpListener::from_std(listener)?, way: Arc::new(way) })
    }

    async fn serve(self, mut stopping: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((inside, _)) => drop(connections.spawn(Arc::clone(&self.way).carry(inside))),
                    // Out of descriptors: libnice's connection fails, and another comes with the next peer.
                    Err(error) => tracing::warn!(%error, "a connection to a TURN server is not taken"),
                },
                Some(_) = connections.join_next() => {}
                () = hub::stop(&mut stopping) => return,
            }
        }
    }
}

impl Way {
    async fn carry(self: Arc<Self>, inside: TcpStream) {
        let connected = timeout(CONNECT_LIMIT, self.connect()).await;
        let error = match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(outside) => {
                self.open.store(true, Ordering::Relaxed);
                let _ = inside.set_nodelay(true);
                exchange(inside, outside).await;
                return;
            }
            Err(error) => error,
        };
        if self.open.swap(false, Ordering::Relaxed) {
            let HostPort { host, port } = &self.server;
            tracing::warn!(
                %error,
                "the TURN server {host}:{port} can't be reached over TLS; is it turns: on this port?"
            );
        }
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let HostPort { host, port } = &self.server;
        let name =
            ServerName::try_from(host.clone()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let explained = |error| io::Error::other(tls::explain(&error, "the server", tls::OF_SSL_CERT_FILE));
        TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await.map_err(explained)
    }
}

/// Carries bytes both ways until either side ends: TURN knows no half of a connection. A server that can't be reached
/// any more never says that it ends, so libnice's word has to do. What is wrong then is ICE's to say.
async fn exchange(inside: impl AsyncRead + AsyncWrite, outside: impl AsyncRead + AsyncWrite) {
    let ((from_inside, to_inside), (from_outside, to_outside)) = (split(inside), split(outside));
    tokio::select! {
        _ = forward(from_inside, to_outside) => {}
        _ = forward(from_outside, to_inside) => {}
    }
}

async fn forward(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        let taken = timeout(STALL_LIMIT, async {
            // At the end: TLS says so to its server.
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&chunk[..length]).await?;
            to.flush().await
        });
        taken.await??;
        if length == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;
    use crate::redact::Redacted;

    fn server(port: u16, transport: TurnTransport) -> TurnServer {
        let secret = || Redacted::new("x".to_owned());
        let server = HostPort { host: "turn.example".to_owned(), port };
        TurnServer { server, transport, user: secret(), password: secret() }
    }

    #[tokio::test]
    async fn only_servers_over_tls_get_a_door_and_each_gets_one() {
        let (_stop, stopping) = watch::channel(false);
        let udp = server(1, TurnTransport::Udp);
        let mut servers = [udp.clone(), server(2, TurnTransport::Tls), server(2, TurnTransport::Tls)];
        open_doors(servers.iter_mut(), &stopping).unwrap();
        assert_eq!(servers[0], udp);
        assert_eq!(servers[1], servers[2]);
        assert_eq!(servers[1].transport, TurnTransport::Tcp);
        assert_eq!(servers[1].server.host, "127.0.0.1");
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_side_says_reaches_the_other_until_either_ends() {
        let ((mut libnice, inside), (mut server, outside)) = (duplex(64), duplex(64));
        let carrying = tokio::spawn(exchange(inside, outside));
        let mut heard = [0; 5];
        libnice.write_all(b"hello").await.unwrap();
        server.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        server.write_all(b"there").await.unwrap();
        libnice.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"there");
        // The server is there, and says nothing.
        drop(libnice);
        timeout(Duration::from_secs(60), carrying).await.expect("it ends with one side").unwrap();
        assert_eq!(server.read(&mut heard).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_nothing_is_given_up() {
        let ((mut libnice, inside), (_server, outside)) = (duplex(64), duplex(64));
        let carrying = tokio::spawn(exchange(inside, outside));
        libnice.write_all(&[0; 100]).await.unwrap();
        drop(libnice);
        timeout(Duration::from_secs(60), carrying).await.expect("it does not wait for ever").unwrap();
    }

    #[tokio::test]
    async fn a_door_closes_with_the_gateway() {
        let (stop, stopping) = watch::channel(false);
        let mut servers = [server(2, TurnTransport::Tls)];
        open_doors(servers.iter_mut(), &stopping).unwrap();
        let door = (Ipv4Addr::LOCALHOST, servers[0].server.port);
        TcpStream::connect(door).await.unwrap();
        drop(stop);
        timeout(Duration::from_secs(10), async { while TcpStream::connect(door).await.is_ok() {} }).await.unwrap();
    }
}
