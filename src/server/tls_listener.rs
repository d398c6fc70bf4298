//! A port on which TLS is spoken.

use std::{collections::VecDeque, io, net::IpAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Listener, Privacy};
use crate::tls::Shown;

/// How long a handshake may take: two round trips, on the slowest of links.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Handshakes at once. Where there are more, the oldest is broken off: one that will come about has done so by then.
const HANDSHAKES: usize = 64;

/// What TLS begins with: a record with a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// How much of a request in plain is read before it is answered: what is left unread takes the answer with it.
const PLAIN_BYTES: usize = 8 * 1024;

/// Who asks in plain is told so, as the API tells what is wrong.
const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
    {\"error\":\"TLS is spoken here\",\"help\":\"ask for https:// in the place of http://, or wss:// in that of ws://\"}\n";

/// A port on which TLS is spoken. Who is slow to do so holds up nobody else.
#[derive(Debug)]
pub struct TlsListener {
    tcp: TcpListener,
    shown: Arc<Shown>,
    /// Says when that does not last. Ends with this.
    _warnings: JoinSet<()>,
    /// `None` comes of those that failed.
    handshakes: JoinSet<Option<TlsStream<TcpStream>>>,
    /// The oldest first.
    handles: VecDeque<AbortHandle>,
}

impl TlsListener {
    /// Speaks TLS to who connects to `tcp`, and shows what is `shown`. Within a tokio runtime.
    #[must_use]
    pub fn new(tcp: TcpListener, shown: Shown) -> Self {
        let (shown, mut warnings) = (Arc::new(shown), JoinSet::new());
        let watched = Arc::clone(&shown);
        warnings.spawn(async move { watched.warn().await });
        Self { tcp, shown, _warnings: warnings, handshakes: JoinSet::new(), handles: VecDeque::new() }
    }

    fn begin(&mut self, tcp: TcpStream) {
        self.handles.retain(|handle| !handle.is_finished());
        if self.handles.len() >= HANDSHAKES
            && let Some(oldest) = self.handles.pop_front()
        {
            oldest.abort();
        }
        let shown = Arc::clone(&self.shown);
        let handshake = async move { timeout(HANDSHAKE_LIMIT, shake_hands(tcp, &shown)).await.ok().flatten() };
        self.handles.push_back(self.handshakes.spawn(handshake));
    }
}

impl Listener for TlsListener {
    type Connection = TlsStream<TcpStream>;

    async fn accept(&mut self) -> io::Result<TlsStream<TcpStream>> {
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.handshakes.join_next() => {
                    if let Ok(Some(stream)) = ended {
                        return Ok(stream);
                    }
                }
                tcp = Listener::accept(&mut self.tcp) => self.begin(tcp?),
            }
        }
    }

    fn peer(stream: &TlsStream<TcpStream>) -> Option<IpAddr> {
        TcpListener::peer(stream.get_ref().0)
    }

    fn privacy(_: &TlsStream<TcpStream>) -> Privacy {
        Privacy::Private
    }
}

async fn shake_hands(mut tcp: TcpStream, shown: &Shown) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if tcp.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first != [HANDSHAKE] {
        answer_in_plain(&mut tcp).await;
        return None;
    }
    match TlsAcceptor::from(shown.config().await).accept(tcp).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
    }
}

/// Whether it is heard or not.
async fn answer_in_plain(tcp: &mut TcpStream) {
    let _ = tcp.read(&mut [0; PLAIN_BYTES]).await;
    let _ = tcp.write_all(PLAIN_ANSWER).await;
    let _ = tcp.shutdown().await;
}
