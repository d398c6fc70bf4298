//! The embedded relay in this process, on a port of its own; it can be stopped and started again there.

use std::net::SocketAddr;

use peergate::{
    relay::{self, Settings},
    server,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A relay that runs. Dropping it stops it without waiting.
pub(crate) struct Relay {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts one with the default settings on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// Starts one on a free port of 127.0.0.1.
    pub(crate) async fn with(settings: Settings) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), settings).await
    }

    /// Starts one at an address.
    pub(crate) async fn at(address: SocketAddr, settings: Settings) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            server::serve(listener, relay::router(settings), watch::Sender::default(), stopped).await;
        });
        Self { address, stop, task }
    }

    /// The address of a room.
    pub(crate) fn url(&self, room: &str) -> String {
        format!("ws://{}/signal/{room}", self.address)
    }

    /// Stops it, closes its sockets and frees the port. Gives the address, to start another one there.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
        self.address
    }
}
