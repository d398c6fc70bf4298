//! What the HTTP servers share: how they are run and stopped, and who may come in.

mod access;
mod closing;

pub use access::{Hosts, Origins};
pub(crate) use access::{check_host, check_origin};
pub(crate) use closing::Closing;

use std::{future::Future, io, time::Duration};

use axum::{Extension, Router, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{sleep, timeout},
};

/// How long requests and sockets have to end once the server stops. The process ends within 2 s of being
/// asked to, and its peers come first.
const GRACE: Duration = Duration::from_millis(500);

/// Serves `router` until `shutdown`. Then no more connections are taken, streams and sockets are told to
/// end, and it returns when the last one has, or after half a second.
///
/// # Errors
/// When the listener cannot be served from.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (close, closing) = Closing::pair();
    let router = router.layer(Extension(closing));
    let listener = listener.tap_io(|tcp| {
        // Messages are small and wanted at once. Where it cannot be set, they are later.
        let _ = tcp.set_nodelay(true);
    });
    let (asked, was_asked) = oneshot::channel();
    let stopping = close.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        stopping.send();
        // Nobody waits for it when the server has ended by itself.
        let _ = asked.send(());
    });
    let too_late = async {
        match was_asked.await {
            Ok(()) => sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving.into_future() => {
            // Sockets are not requests any more: the server itself does not wait for them.
            let _ = timeout(GRACE, close.all_gone()).await;
            served
        }
        // A request that does not end would hold up the process.
        () = too_late => Ok(()),
    }
}
