//! How a server is spoken to: over UDP, TCP or TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rtc_stun::message::{MESSAGE_HEADER_SIZE, Message, is_stun_message};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{
    ice::{HostPort, TurnTransport},
    tls::{self, Anchors},
};

/// How long names, connections and answers may take each.
const LIMIT: Duration = Duration::from_secs(5);

/// Until a question is asked again over UDP; twice as long each time (RFC 8489, section 6.2.1).
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest datagram.
const DATAGRAM_BYTES: usize = 65_536;

/// A way to a server.
pub(super) enum Way {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>),
}

/// What carries bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(super) enum WayError {
    #[error("is a name that nobody knows here ({0})")]
    Unknown(io::Error),
    #[error("can't be reached ({0})")]
    Unreachable(io::Error),
    #[error("does not answer within {} s", LIMIT.as_secs())]
    Silent,
    #[error("can't be spoken to over TLS ({0})")]
    Tls(String),
    #[error("answers what is no STUN ({0})")]
    Foreign(String),
    #[error("can't be asked ({0})")]
    Message(String),
}

impl WayError {
    /// What mends it.
    pub(super) fn remedy(&self, server: &HostPort, transport: TurnTransport) -> String {
        let HostPort { host, port } = server;
        let protocol = if transport == TurnTransport::Udp { "UDP" } else { "TCP" };
        match self {
            Self::Unknown(_) => format!("getent ahosts {host}"),
            Self::Unreachable(_) | Self::Silent => {
                format!("start the server, or let {protocol} to {host} port {port} through the firewalls between")
            }
            Self::Tls(_) => format!("look at the server's certificate; {}", tls::OF_SSL_CERT_FILE),
            Self::Foreign(_) | Self::Message(_) => "look at host and port in [ice]".to_owned(),
        }
    }
}

impl Way {
    /// Opens one.
    pub(super) async fn open(server: &HostPort, transport: TurnTransport) -> Result<Self, WayError> {
        let found = timeout(LIMIT, lookup_host((server.host.as_str(), server.port))).await;
        let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(WayError::Unknown)?;
        let mut last = WayError::Unknown(io::ErrorKind::NotFound.into());
        // IPv4 first: libnice asks a TURN server over what its own addresses are of, mostly that.
        let (v4, v6): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv4);
        for address in v4.into_iter().chain(v6) {
            match Self::open_to(address, &server.host, transport).await {
                Ok(way) => return Ok(way),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn open_to(address: SocketAddr, host: &str, transport: TurnTransport) -> Result<Self, WayError> {
        if transport == TurnTransport::Udp {
            let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
            let socket = UdpSocket::bind(any).await.map_err(WayError::Unreachable)?;
            // Connected, it hears that nobody listens there.
            socket.connect(address).await.map_err(WayError::Unreachable)?;
            return Ok(Self::Datagrams(socket));
        }
        let connected = timeout(LIMIT, TcpStream::connect(address)).await.map_err(|_| WayError::Silent)?;
        let stream = connected.map_err(WayError::Unreachable)?;
        if transport == TurnTransport::Tcp {
            return Ok(Self::Stream(Box::new(stream)));
        }
        let config = tokio::task::spawn_blocking(|| Anchors::System.client_config()).await;
        let config = config.map_err(|error| WayError::Tls(error.to_string()))?;
        let config = config.map_err(|error| WayError::Tls(error.to_string()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| WayError::Tls(error.to_string()))?;
        let greeted = timeout(LIMIT, TlsConnector::from(Arc::clone(&config)).connect(name, stream)).await;
        let explained = |error| WayError::Tls(tls::explain(&error, "the server", tls::OF_SSL_CERT_FILE));
        let stream = greeted.map_err(|_| WayError::Silent)?.map_err(explained)?;
        Ok(Self::Stream(Box::new(stream)))
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, request: &Message) -> Result<Message, WayError> {
        match self {
            Self::Datagrams(socket) => ask_again(socket, request).await,
            Self::Stream(stream) => match timeout(LIMIT, ask_once(stream, request)).await {
                Ok(answer) => answer,
                Err(_) => Err(WayError::Silent),
            },
        }
    }

    /// Says something that needs no answer.
    pub(super) async fn tell(&mut self, message: &Message) -> io::Result<()> {
        match self {
            Self::Datagrams(socket) => socket.send(&message.raw).await.map(drop),
            Self::Stream(stream) => {
                timeout(LIMIT, async {
                    stream.write_all(&message.raw).await?;
                    stream.flush().await
                })
                .await?
            }
        }
    }
}

/// Over UDP either may be lost, so it is asked again.
async fn ask_again(socket: &UdpSocket, request: &Message) -> Result<Message, WayError> {
    let end = Instant::now() + LIMIT;
    let mut wait = FIRST_WAIT;
    let mut datagram = vec![0; DATAGRAM_BYTES];
    while Instant::now() < end {
        socket.send(&request.raw).await.map_err(WayError::Unreachable)?;
        let again = end.min(Instant::now() + wait);
        wait *= 2;
        while let Ok(received) = timeout_at(again, socket.recv(&mut datagram)).await {
            let length = received.map_err(WayError::Unreachable)?;
            let answer = read(datagram.get(..length).unwrap_or_default())?;
            // Else it is one to an earlier question.
            if answer.transaction_id == request.transaction_id {
                return Ok(answer);
            }
        }
    }
    Err(WayError::Silent)
}

async fn ask_once(stream: &mut Box<dyn Stream>, request: &Message) -> Result<Message, WayError> {
    stream.write_all(&request.raw).await.map_err(WayError::Unreachable)?;
    stream.flush().await.map_err(WayError::Unreachable)?;
    // Its header tells the length of what follows it (RFC 8489, section 5).
    let mut answer = vec![0; MESSAGE_HEADER_SIZE];
    stream.read_exact(&mut answer).await.map_err(WayError::Unreachable)?;
    if !is_stun_message(&answer) {
        return Err(WayError::Foreign("its answer begins otherwise".to_owned()));
    }
    let length = answer.get(2..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_be_bytes);
    answer.resize(MESSAGE_HEADER_SIZE + usize::from(length), 0);
    let rest = answer.get_mut(MESSAGE_HEADER_SIZE..).unwrap_or_default();
    stream.read_exact(rest).await.map_err(WayError::Unreachable)?;
    read(&answer)
}

fn read(bytes: &[u8]) -> Result<Message, WayError> {
    let mut message = Message::new();
    message.unmarshal_binary(bytes).map_err(|error| WayError::Foreign(error.to_string()))?;
    Ok(message)
}
