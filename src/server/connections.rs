//! The connections of a server: so many at once, and none that is held without asking for anything.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::{
    Listener, Privacy,
    closing::{Close, Closing},
};

/// Connections at once, without the relay's sockets, which have limits of their own. A browser keeps six. Who comes
/// when all are taken waits.
const CONNECTIONS: usize = 256;

/// How long the head of a request may take to come, the first on a connection and each later one. Browsers ask right
/// away, and open another connection when an idle one was closed.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// All connections of a server. Dropping it cuts them off.
pub(super) struct Connections {
    router: Router,
    closing: Closing,
    free: Arc<Semaphore>,
    running: JoinSet<()>,
}

impl Connections {
    /// None yet. Each will be served by `router` until it is `closing` time. Its requests carry their [`Privacy`].
    pub(super) fn new(router: Router, closing: Closing) -> Self {
        Self { router, closing, free: Arc::new(Semaphore::new(CONNECTIONS)), running: JoinSet::new() }
    }

    /// Takes connections, for ever.
    pub(super) async fn take<L: Listener>(&mut self, listener: &mut L) {
        // The semaphore is never closed.
        while let Ok(place) = self.free.clone().acquire_owned().await {
            let connection = listener.take().await;
            let privacy = L::privacy(&connection);
            self.run(connection, privacy, place);
            while self.running.try_join_next().is_some() {}
        }
    }

    /// Waits until each request that has begun is answered, and each socket has said goodbye.
    pub(super) async fn end(mut self, close: &Close) {
        while self.running.join_next().await.is_some() {}
        // Sockets are not requests any more; each holds a `Closing` of its own.
        drop(self);
        close.all_gone().await;
    }

    fn run(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        privacy: Privacy,
        place: OwnedSemaphorePermit,
    ) {
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(privacy);
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut closing = self.closing.clone();
        self.running.spawn(async move {
            let mut connection = pin!(connection);
            // Whoever broke it off knows.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = closing.wait() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(place);
        });
    }
}
