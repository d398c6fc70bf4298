//! Where connections come from: a port, or a socket in the file system.

use std::{future::Future, io, net::IpAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How long to wait after the system refused a connection: where no file descriptor is left, it does so at once again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// A place where connections are taken.
pub trait Listener: Send + Sync + 'static {
    /// One of them.
    type Connection: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next one. Giving up waiting loses none.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Connection>> + Send;

    /// Whose it is, where that is an address.
    fn peer(connection: &Self::Connection) -> Option<IpAddr>;

    /// The same, however often the system refuses one.
    fn take(&self) -> impl Future<Output = Self::Connection> + Send {
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

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl Listener for TcpListener {
    type Connection = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        let (tcp, _) = Self::accept(self).await?;
        // Messages are small and wanted at once. Where it cannot be set, they are later.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    fn peer(tcp: &TcpStream) -> Option<IpAddr> {
        tcp.peer_addr().ok().map(|address| address.ip())
    }
}
