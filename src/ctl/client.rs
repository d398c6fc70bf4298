//! Asks a daemon: one request a connection, over its control socket, TCP or TLS.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::{ClientConfig, pki_types::ServerName};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    address::{Address, ServerUrl},
    error::CtlError,
};
use crate::{redact::Redacted, server::Privacy, tls};

/// How long an answer may take: longer than a daemon takes to say that it can't give one (docs/api.md).
const LIMIT: Duration = Duration::from_secs(15);

/// Against a certificate that is not trusted.
const REMEDY: &str = "where it is the one that the daemon's log tells, name its file, or its CA's, with --ca FILE";

/// The longest answer. A state with a thousand peers has 1 MB, a picture some MB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Client {
    address: Address,
    /// How the address is spoken to over TLS, if it is.
    tls: Option<Arc<ClientConfig>>,
    token: Option<Redacted<String>>,
}

/// What a daemon says when it refuses.
#[derive(Debug, Deserialize)]
struct Refusal {
    error: String,
    help: String,
}

impl Client {
    pub(super) const fn new(address: Address, tls: Option<Arc<ClientConfig>>, token: Option<Redacted<String>>) -> Self {
        Self { address, tls, token }
    }

    /// What is at `path`, read as JSON.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, CtlError> {
        json(&self.ask(Method::GET, path, None).await?)
    }

    /// What a daemon answers with a status of success.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Bytes, CtlError> {
        let request = self.request(method, path, body)?;
        let exchange = async {
            match &self.address {
                Address::Sockets(paths) => talk(connect(paths).await?, request).await,
                Address::Server(url) => {
                    let stream = TcpStream::connect(url.host_and_port()).await;
                    let stream = stream.map_err(|error| self.unreachable(error))?;
                    match &self.tls {
                        Some(config) => talk(encrypt(config, url, stream).await?, request).await,
                        None if self.token.is_some() && Privacy::of_plain(&stream) == Privacy::Open => {
                            Err(CtlError::Misused(format!(
                                "the token would go to {url} for all to read: ask over https://, on the daemon's own \
                                 machine, or through a tunnel such as ssh -L"
                            )))
                        }
                        None => talk(stream, request).await,
                    }
                }
            }
        };
        let (status, body) = timeout(LIMIT, exchange).await.map_err(|_| CtlError::TooSlow(LIMIT))??;
        if status.is_success() {
            return Ok(body);
        }
        let Refusal { error, help } = json(&body)?;
        Err(CtlError::Refused { status, error, help })
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Request<Full<Bytes>>, CtlError> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, self.address.host());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        // The path is percent-encoded; what is left is the token.
        let misused = |_| CtlError::Misused("the token can't be sent: it holds more than plain characters".to_owned());
        request.body(Full::new(body)).map_err(misused)
    }

    fn unreachable(&self, error: io::Error) -> CtlError {
        CtlError::Unreachable { to: self.address.to_string(), error }
    }
}

/// A connection to the first of these sockets that somebody listens at. A daemon that was killed leaves its own behind, and
/// another may live.
async fn connect(paths: &[PathBuf]) -> Result<UnixStream, CtlError> {
    let mut first = None;
    for path in paths {
        let error = match UnixStream::connect(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        let dead = match error.kind() {
            io::ErrorKind::ConnectionRefused => CtlError::Dead(path.clone()),
            io::ErrorKind::NotFound => CtlError::NoSocket(path.display().to_string()),
            io::ErrorKind::PermissionDenied => return Err(CtlError::Forbidden(path.clone())),
            _ => return Err(CtlError::Unreachable { to: path.display().to_string(), error }),
        };
        first.get_or_insert(dead);
    }
    Err(first.unwrap_or_else(|| CtlError::NoSocket("no place at all".to_owned())))
}

async fn encrypt(
    config: &Arc<ClientConfig>,
    url: &ServerUrl,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, CtlError> {
    let untrusted = |why| CtlError::Untrusted { to: url.to_string(), why };
    let name = ServerName::try_from(url.host().to_owned())
        .map_err(|_| untrusted("that is no name that a certificate can be for".to_owned()))?;
    let connected = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
    connected.map_err(|error| untrusted(tls::explain(&error, "the daemon", REMEDY)))
}

/// `text` as one part of a path.
pub(super) fn part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Reads JSON that a daemon sent.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, CtlError> {
    serde_json::from_slice(body).map_err(|error| CtlError::Foreign(error.to_string()))
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), CtlError> {
    let foreign = |error: hyper::Error| CtlError::Foreign(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(foreign)?;
    // It ends with its sender; what goes wrong with it, the sender says.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(foreign)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| CtlError::Foreign(error.to_string()))?;
    Ok((status, body.to_bytes()))
}
