//! Where connections come from: a port, or a socket in the file system.

use std::{future::Future, io, net::IpAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How long to wait after the system refused a connection: where no file descriptor is left, it does so at once again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// Whether others can read what goes over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Nobody can: it does not leave this machine, or it is encrypted.
    Private,
    /// Whoever is on its way.
    Open,
}

/// A place where connections are taken.
pub trait Listener: Send + 'static {
    /// One of them.
    type Connection: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next one. Giving up waiting loses none.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Connection>> + Send;

    /// Whose it is, where that is an address.
    fn peer(connection: &Self::Connection) -> Option<IpAddr>;

    /// Who can read along.
    fn privacy(connection: &Self::Connection) -> Privacy;

    /// The same as `accept`, however often the system refuses one.
    fn take(&mut self) -> impl Future<Output = Self::Connection> + Send {
        async {
            loop {
                match self.accept().await {
                    Ok(connection) => return connection,
                    // Whoever came is gone already.
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the system gives no more connections");
                        sleep(REFUSED_PAUSE).await;
                    }
                }
            }
        }
    }
}

impl Privacy {
    /// Of what goes over `tcp` as it is.
    pub(crate) fn of_plain(tcp: &TcpStream) -> Self {
        let Ok(peer) = tcp.peer_addr() else { return Self::Open };
        let peer = peer.ip().to_canonical();
        // Nobody else gets through with an address of ours: Linux drops what comes from outside with one.
        let is_ours = || if_addrs::get_if_addrs().is_ok_and(|all| all.iter().any(|one| one.ip() == peer));
        if peer.is_loopback() || is_ours() { Self::Private } else { Self::Open }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl Listener for TcpListener {
    type Connection = TcpStream;

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (tcp, _) = Self::accept(self).await?;
        // Messages are small and wanted at once. Where it cannot be set, they are later.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    fn peer(tcp: &TcpStream) -> Option<IpAddr> {
        tcp.peer_addr().ok().map(|address| address.ip())
    }

    fn privacy(tcp: &TcpStream) -> Privacy {
        Privacy::of_plain(tcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_stays_on_loopback_is_private_also_in_the_form_of_ipv6() {
        for address in ["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            let mut listener = TcpListener::bind(address).await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let taken = listener.take().await;
            assert_eq!((Privacy::of_plain(&taken), Privacy::of_plain(&client)), (Privacy::Private, Privacy::Private));
        }
    }
}
