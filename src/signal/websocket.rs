//! The relay over WebSocket.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode, header};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    client::Settings,
    transport::{Connection, Lost, Transport},
};
use crate::tls;

/// For name, TCP, TLS and the handshake together.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// So that proxies between us and the relay do not take the connection for a dead one; many do after 60 s.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Two pings without an answer, and some: the relay or the way to it is gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);
/// For one message to leave. A relay that reads nothing for so long is as good as gone.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// For the goodbye.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);
/// What a relay may send in one piece. Far above what a message may have: one that is too long is a member's doing, and
/// is dropped when it is parsed; at this limit the connection ends, and with it the room for everyone.
const MAX_WIRE_BYTES: usize = 16 * 1024 * 1024;
/// Against a CA that is not trusted.
const REMEDY: &str = "name that CA's certificate in ca_file if it is yours";
/// The library's frames are small, and there are few.
const BUFFER_BYTES: usize = 16 * 1024;

/// A relay that speaks WebSocket.
pub(super) struct WebSocket {
    settings: Settings,
}

/// A connection to it.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    ping: Interval,
    heard: Instant,
}

impl WebSocket {
    pub(super) const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    async fn reach(&self) -> Result<Socket, Lost> {
        let url = &self.settings.url;
        let request = self.request()?;
        let tcp = dial(url.host(), url.port()).await?;
        let stream = if url.is_tls() {
            let tls = encrypt(self.trust().await?, url.host(), tcp).await?;
            MaybeTlsStream::Rustls(tls)
        } else {
            MaybeTlsStream::Plain(tcp)
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(MAX_WIRE_BYTES))
            .max_frame_size(Some(MAX_WIRE_BYTES));
        let (stream, _) =
            client_async_with_config(request, stream, Some(config)).await.map_err(|error| refused(&error))?;
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Socket { stream, ping, heard: Instant::now() })
    }

    fn request(&self) -> Result<http::Request<()>, Lost> {
        let url = &self.settings.url;
        let mut request = url
            .for_request()
            .into_client_request()
            .map_err(|error| Lost::Unserved(format!("the address {url} cannot be asked for: {error}")))?;
        let headers = request.headers_mut();
        if let Some(authorization) = url.authorization() {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        for (name, value) in &self.settings.headers {
            let bad = |what| {
                Lost::Unserved(format!("the header {name:?} of the configuration has {what} that HTTP does not allow"))
            };
            let header = HeaderName::try_from(name).map_err(|_| bad("a name"))?;
            let mut value = HeaderValue::try_from(value.reveal()).map_err(|_| bad("a value"))?;
            value.set_sensitive(true);
            headers.append(header, value);
        }
        if !self.settings.protocols.is_empty() {
            let protocols = HeaderValue::try_from(self.settings.protocols.join(", ")).map_err(|_| {
                Lost::Unserved("the sub-protocols of the configuration hold characters that HTTP does not allow".into())
            })?;
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocols);
        }
        Ok(request)
    }

    /// Read anew for each connection: the file may have been replaced since the last one.
    async fn trust(&self) -> Result<Arc<ClientConfig>, Lost> {
        let anchors = self.settings.anchors.clone();
        let config = tokio::task::spawn_blocking(move || anchors.client_config()).await;
        match config {
            Ok(config) => config.map_err(|error| Lost::Unserved(error.to_string())),
            Err(_) => Err(Lost::Unserved("reading the trusted certificates was cut off: the program ends".into())),
        }
    }
}

impl Transport for WebSocket {
    type Connection = Socket;

    async fn connect(&mut self) -> Result<Socket, Lost> {
        match timeout(CONNECT_LIMIT, self.reach()).await {
            Ok(reached) => reached,
            Err(_) => Err(Lost::Unserved(format!("no connection within {} s", CONNECT_LIMIT.as_secs()))),
        }
    }
}

impl Connection for Socket {
    async fn receive(&mut self) -> Result<Vec<u8>, Lost> {
        loop {
            tokio::select! {
                next = self.stream.next() => {
                    self.heard = Instant::now();
                    match next {
                        Some(Ok(Message::Text(text))) => return Ok(text.as_bytes().to_vec()),
                        Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
                        Some(Ok(Message::Close(frame))) => return Err(closed(frame.as_ref())),
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                        Some(Err(error)) => return Err(broken(&error)),
                        None => return Err(closed(None)),
                    }
                }
                _ = self.ping.tick() => within(self.stream.send(Message::Ping(Default::default()))).await?,
                () = sleep_until(self.heard + SILENCE_LIMIT) => {
                    return Err(Lost::Unserved(format!(
                        "nothing heard of the relay for {} s, not even an answer to a ping",
                        SILENCE_LIMIT.as_secs()
                    )));
                }
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<(), Lost> {
        within(self.stream.send(Message::text(text))).await
    }

    async fn close(mut self) {
        let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
        // Whether the relay hears it or not: it is over.
        let _ = timeout(CLOSE_LIMIT, self.stream.close(Some(frame))).await;
    }
}

async fn within(sending: impl Future<Output = tungstenite::Result<()>>) -> Result<(), Lost> {
    match timeout(SEND_LIMIT, sending).await {
        Ok(sent) => sent.map_err(|error| broken(&error)),
        Err(_) => Err(Lost::Unserved(format!("the relay took nothing for {} s", SEND_LIMIT.as_secs()))),
    }
}

/// Tries each of the host's addresses, and gives each an equal share of the time: a dead one does not
/// take the others' chance.
async fn dial(host: &str, port: u16) -> Result<TcpStream, Lost> {
    let addresses: Vec<SocketAddr> = lookup_host((host, port))
        .await
        .map_err(|error| Lost::Unserved(format!("the name {host} has no address: {error}")))?
        .collect();
    let share = CONNECT_LIMIT.mul_f64(0.8) / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Candidates are small and wanted at once. Where it cannot be set, they are later.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Lost::Absent(match last.kind() {
        io::ErrorKind::ConnectionRefused => format!("nothing listens on {host} port {port}"),
        io::ErrorKind::TimedOut => format!("{host} port {port} does not answer"),
        _ => format!("{host} port {port} cannot be reached: {last}"),
    }))
}

async fn encrypt(
    config: Arc<ClientConfig>,
    host: &str,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Lost> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Lost::Unserved(format!("{host} is no name that a certificate can be for")))?;
    TlsConnector::from(config)
        .connect(name, tcp)
        .await
        .map_err(|error| Lost::Unserved(tls::explain(&error, "the relay", REMEDY)))
}

/// Why the handshake failed.
fn refused(error: &tungstenite::Error) -> Lost {
    Lost::Unserved(match error {
        tungstenite::Error::Http(response) => {
            let status = response.status();
            let help = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    "it wants credentials: user and password in the address, or a header"
                }
                StatusCode::NOT_FOUND => "is the path of the address right?",
                status if status.is_redirection() => "it redirects; give the address it redirects to",
                status if status.is_server_error() => "it is in trouble itself",
                _ => "is it a WebSocket server?",
            };
            format!("the relay refused the handshake with {status}: {help}")
        }
        tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => {
            format!("the relay took none of the sub-protocols it was offered: {error}")
        }
        tungstenite::Error::Io(error) => format!("the relay broke off during the handshake: {error}"),
        other => format!("what answers is no WebSocket server: {other}"),
    })
}

/// Why an open connection ended.
fn broken(error: &tungstenite::Error) -> Lost {
    Lost::Unserved(match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => return closed(None),
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            format!("expected messages of at most {max_size} bytes, the relay sent one of {size}")
        }
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            "the relay ended the connection without a goodbye".to_owned()
        }
        tungstenite::Error::Io(error) => format!("the connection broke: {error}"),
        other => format!("the relay does not keep to WebSocket: {other}"),
    })
}

fn closed(frame: Option<&CloseFrame>) -> Lost {
    Lost::Unserved(match frame {
        Some(frame) if !frame.reason.is_empty() => {
            format!("the relay closed the connection: {} ({})", frame.reason.escape_debug(), u16::from(frame.code))
        }
        Some(frame) => format!("the relay closed the connection ({})", u16::from(frame.code)),
        None => "the relay closed the connection".to_owned(),
    })
}
