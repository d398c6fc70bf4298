//! Members of a room as the signalling sees them.

use std::time::Duration;

use peergate::{
    signal::client::{Client, ClientEvent, Settings},
    tls::Anchors,
};
use tokio::{sync::mpsc, time::timeout};

/// A signalling client with nothing but an address.
pub(crate) fn client(url: &str) -> (Client, mpsc::Receiver<ClientEvent>) {
    Client::start(settings(url))
}

/// The settings of such a client.
pub(crate) fn settings(url: &str) -> Settings {
    Settings { url: url.parse().unwrap(), protocols: Vec::new(), headers: Vec::new(), anchors: Anchors::System }
}

/// The future's output, which must come within some seconds.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.expect("it came within 20 s")
}
