//! The page and a relay, served without a gateway.

use std::net::SocketAddr;

use peergate::{
    api::page,
    relay,
    server::{self, Origins},
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A server that can go away and come back at the same address. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct PageServer {
    address: SocketAddr,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl PageServer {
    /// Starts one on a free port of all addresses of this machine.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let mut server = Self { address: listener.local_addr().unwrap(), running: None };
        server.serve(listener);
        server
    }

    /// The page in a room, as this machine itself opens it.
    pub(crate) fn page(&self, room: &str) -> String {
        format!("http://127.0.0.1:{}/#{room}", self.address.port())
    }

    /// The page in a room, as another machine opens it: without the rights of a secure origin.
    pub(crate) fn page_from_afar(&self, room: &str) -> String {
        format!("http://10.77.0.1:{}/#{room}", self.address.port())
    }

    /// A room of the relay.
    pub(crate) fn room(&self, room: &str) -> String {
        format!("ws://127.0.0.1:{}/signal/{room}", self.address.port())
    }

    /// Ends all connections and takes no more.
    pub(crate) async fn go_away(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            let _ = stop.send(());
            task.await.unwrap();
        }
    }

    /// Listens at its old address again.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        let settings = relay::Settings { origins: Origins::new(["*".to_owned()]), ..relay::Settings::default() };
        let router = page::router(watch::channel(None).1).merge(relay::router(settings));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let asked = async { stopped.await.unwrap_or_default() };
            server::serve(listener, router, watch::Sender::default(), asked).await;
        });
        self.running = Some((stop, task));
    }
}
