//! What the HTTP servers share: how they are run and stopped, and who may come in.

mod access;
mod closing;

pub use access::{Hosts, Origins};
pub(crate) use access::{check_host, check_origin};
pub(crate) use closing::Closing;

use std::{future::Future, io};

use axum::{Extension, Router, serve::ListenerExt};
use tokio::net::TcpListener;

/// Serves `router` until `shutdown`. Then no more connections are taken, streams and sockets are told to
/// end, and it returns when the last one has.
///
/// # Errors
/// When the listener cannot be served from.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (signal, closing) = Closing::pair();
    let router = router.layer(Extension(closing));
    let listener = listener.tap_io(|tcp| {
        // Messages are small and wanted at once. Where it cannot be set, they are later.
        let _ = tcp.set_nodelay(true);
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            shutdown.await;
            drop(signal);
        })
        .await
}
