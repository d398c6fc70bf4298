//! A relay of which the test is the server: it sees the handshake and says what it likes.

use std::{io, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Callback, ErrorResponse, Request, Response},
        http::{HeaderMap, HeaderValue, StatusCode, Uri, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::private_ca::PrivateCa;

/// One that listens, with or without TLS.
pub(crate) struct ScriptedRelay {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// A client that came.
pub(crate) struct Visitor<S = TcpStream> {
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    stream: WebSocketStream<S>,
}

impl ScriptedRelay {
    pub(crate) async fn plain() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls: None }
    }

    /// One with a certificate for `name`.
    pub(crate) async fn tls(ca: &PrivateCa, name: &str) -> Self {
        Self { tls: Some(ca.acceptor_for(name)), ..Self::plain().await }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Lets the next one in, with the last of the sub-protocols that it offers.
    pub(crate) async fn let_in(&self) -> Visitor {
        let (tcp, _) = self.listener.accept().await.unwrap();
        welcome(tcp).await
    }

    /// Lets the next one in over TLS; fails when it does not like the certificate.
    pub(crate) async fn let_in_over_tls(&self) -> io::Result<Visitor<TlsStream<TcpStream>>> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let stream = self.tls.as_ref().unwrap().accept(tcp).await?;
        Ok(welcome(stream).await)
    }

    /// Takes the next connection and ends it at once.
    pub(crate) async fn hang_up(&self) {
        drop(self.listener.accept().await.unwrap());
    }

    /// Refuses the next one's handshake.
    pub(crate) async fn refuse(&self, status: u16) {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        assert!(accept_hdr_async(tcp, Refusal(status)).await.is_err());
    }
}

async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Visitor<S> {
    let mut seen = None;
    let stream = accept_hdr_async(stream, Welcome(&mut seen)).await.unwrap();
    let (headers, uri) = seen.unwrap();
    Visitor { headers, uri, stream }
}

/// Answers a handshake with a status.
struct Refusal(StatusCode);

impl Callback for Refusal {
    fn on_request(self, _: &Request, _: Response) -> Result<Response, ErrorResponse> {
        let mut response = ErrorResponse::new(None);
        *response.status_mut() = self.0;
        Err(response)
    }
}

/// Takes what a handshake says, and the last of the sub-protocols that it offers.
struct Welcome<'a>(&'a mut Option<(HeaderMap, Uri)>);

impl Callback for Welcome<'_> {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        if let Some(offered) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
            let last = offered.to_str().unwrap().rsplit(", ").next().unwrap();
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::try_from(last).unwrap());
        }
        *self.0 = Some((request.headers().clone(), request.uri().clone()));
        Ok(response)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Visitor<S> {
    pub(crate) async fn say(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next frame of any kind; `None` at the end. Pings are answered while this waits.
    pub(crate) async fn hear(&mut self) -> Option<Message> {
        self.stream.next().await?.ok()
    }
}
