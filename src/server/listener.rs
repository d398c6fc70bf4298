//! Where connections come from: a port, or a socket in the file system.

use std::{future::Future, io};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// A place where connections are taken.
pub trait Listener: Send + Sync + 'static {
    /// One of them.
    type Connection: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next one. Giving up waiting loses none.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

impl Listener for TcpListener {
    type Connection = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        let (tcp, _) = Self::accept(self).await?;
        // Messages are small and wanted at once. Where it cannot be set, they are later.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
}
