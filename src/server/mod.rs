//! What the HTTP servers share: how they are run and stopped, and who may come in.

mod access;
mod closing;
mod connections;
mod listener;
mod local_socket;
mod neighbour;
mod patience;
mod tls_listener;

pub use access::{Hosts, Origins};
pub(crate) use access::{check_host, check_origin};
pub(crate) use closing::Closing;
pub use listener::{Listener, Privacy};
pub use local_socket::{LocalSocket, SocketError};
pub use tls_listener::TlsListener;

use std::{future::Future, time::Duration};

use axum::{Extension, Router};
use tokio::{sync::watch, time::timeout};

use connections::Connections;

use crate::report::ServerState;

/// How long requests and sockets have to end once the server stops. The process ends within 2 s of being
/// asked to, and its peers come first.
const GRACE: Duration = Duration::from_millis(500);

/// Serves `router` until `shutdown`, and says in `state` how that goes. Then no more connections are taken, streams and
/// sockets are told to end, and it returns when the last one has, or after half a second.
pub async fn serve(
    mut listener: impl Listener,
    router: Router,
    state: watch::Sender<ServerState>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (close, closing) = Closing::pair();
    let router = router.layer(Extension(closing.clone()));
    let mut connections = Connections::new(router, closing, state);
    tokio::select! {
        () = connections.take(&mut listener) => {}
        () = shutdown => {}
    }
    drop(listener);
    close.send();
    // What does not end in time is cut off.
    let _ = timeout(GRACE, connections.end(&close)).await;
}
