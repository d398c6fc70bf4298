//! The connections of a server: so many at once, so many of each address, and none that is held without anything moving.

use std::{
    collections::HashMap,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

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
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{Id, JoinSet},
};

use super::{
    Listener, Privacy,
    closing::{Close, Closing},
    neighbour::Neighbour,
    patience::Patience,
};
use crate::{log_limit::LogLimit, report::ServerState};

/// Connections at once, without the relay's sockets, which have limits of their own. A browser keeps six. Who comes
/// when all are taken waits.
const CONNECTIONS: usize = 256;

/// Of them, those of one address of another machine: what ten browsers keep. Who wants more is turned away, so that one
/// alone can't take all.
const OF_ONE_ADDRESS: usize = 64;

/// How long the head of a request may take to come, the first on a connection and each later one. Browsers ask right
/// away, and open another connection when an idle one was closed.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// All connections of a server. Dropping it cuts them off.
pub(super) struct Connections {
    router: Router,
    closing: Closing,
    free: Arc<Semaphore>,
    running: JoinSet<()>,
    /// Whose those are that run, by their tasks; without this machine's.
    neighbours: HashMap<Id, Neighbour>,
    /// Where it is counted how often all are taken.
    state: watch::Sender<ServerState>,
    /// How often the log says so.
    full: LogLimit,
    /// How often it says that somebody wants more than its share.
    greedy: LogLimit,
}

impl Connections {
    /// None yet. Each will be served by `router` until it is `closing` time. Its requests carry their [`Privacy`].
    pub(super) fn new(router: Router, closing: Closing, state: watch::Sender<ServerState>) -> Self {
        Self {
            router,
            closing,
            free: Arc::new(Semaphore::new(CONNECTIONS)),
            running: JoinSet::new(),
            neighbours: HashMap::new(),
            state,
            full: LogLimit::new(1),
            greedy: LogLimit::new(1),
        }
    }

    /// Takes connections, for ever.
    pub(super) async fn take<L: Listener>(&mut self, listener: &mut L) {
        // The semaphore is never closed.
        while let Ok(place) = self.free.clone().acquire_owned().await {
            let connection = listener.take().await;
            let privacy = L::privacy(&connection);
            self.forget_ended();
            let neighbour = L::peer(&connection).and_then(Neighbour::at);
            if self.lets_in(neighbour) {
                self.run(connection, privacy, neighbour, place);
            } else {
                drop(place);
            }
            if self.free.available_permits() == 0 {
                self.say_full();
            }
        }
    }

    fn say_full(&mut self) {
        self.state.send_modify(|state| state.connections_full += 1);
        if self.full.admit(Instant::now()).is_some() {
            tracing::warn!(connections = CONNECTIONS, "all connections are taken: who comes waits for one to end");
        }
    }

    fn forget_ended(&mut self) {
        while let Some(ended) = self.running.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.neighbours.remove(&id);
        }
    }

    fn lets_in(&mut self, neighbour: Option<Neighbour>) -> bool {
        let Some(neighbour) = neighbour else { return true };
        let has = self.neighbours.values().filter(|one| **one == neighbour).count();
        if has >= OF_ONE_ADDRESS && self.greedy.admit(Instant::now()).is_some() {
            tracing::warn!(most = OF_ONE_ADDRESS, "an address has its share of connections, and is given no more");
        }
        has < OF_ONE_ADDRESS
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
        neighbour: Option<Neighbour>,
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
            .serve_connection(TokioIo::new(Patience::with(stream)), service)
            .with_upgrades();
        let mut closing = self.closing.clone();
        let task = self.running.spawn(async move {
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
        self.neighbours.extend(neighbour.map(|neighbour| (task.id(), neighbour)));
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncWriteExt, duplex},
        time::timeout,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_asks_and_does_not_take_the_answer_loses_its_place() {
        let (_close, closing) = Closing::pair();
        let router = Router::new().route("/", get(async || "much".repeat(1000)));
        let mut connections = Connections::new(router, closing, watch::Sender::default());
        let (ours, mut theirs) = duplex(256);
        let place = connections.free.clone().acquire_owned().await.unwrap();
        connections.run(ours, Privacy::Private, None, place);
        theirs.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let ended = timeout(Duration::from_secs(60), connections.running.join_next()).await;
        assert!(ended.is_ok(), "it is held for ever");
        assert_eq!(connections.free.available_permits(), CONNECTIONS);
    }
}
