//! The HTTP side of a gateway: the page, the control API (docs/api.md), and metrics (docs/metrics.md).

pub(crate) mod body;
mod error;
mod events;
mod guard;
mod links;
mod log;
mod messages;
mod metrics;
mod openapi;
pub mod page;
mod part;
mod peers;
mod recordings;
mod reload;
mod sources;
mod state;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio::{sync::watch, time::timeout};

use crate::{
    gateway::Access, ice::HostPort, logging::Dial, reload::Reload, report::ServerState, server::Hosts, token::Token,
};
use error::ApiError;
pub use links::Links;

/// What the API speaks to, and who may speak to it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The gateway.
    pub gateway: Access,
    /// How we ourselves do, and the other servers of this process.
    pub servers: watch::Receiver<ServerState>,
    /// Has the configuration read again.
    pub reload: Reload,
    /// What is logged.
    pub log: Dial,
    /// What a request must carry; `None` where only this machine can ask.
    pub token: Option<Token>,
    /// Lends files: the same ones, whichever way they are asked for.
    pub links: Links,
    /// The names that page and API answer to.
    pub hosts: Hosts,
    /// The STUN server that the page asks, if any.
    pub stun: watch::Receiver<Option<HostPort>>,
}

/// How long a request may take to come and be answered: more than the gateway may ([`ANSWER_LIMIT`](crate::gateway::ANSWER_LIMIT)).
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The page at `/`, metrics at `/metrics`, and the API below `/api`.
pub fn router(context: Context) -> Router {
    let door = guard::Door::of(&context);
    let api = Router::new()
        .merge(state::routes())
        .merge(messages::routes())
        .merge(peers::routes())
        .merge(events::routes())
        .merge(recordings::routes())
        .merge(sources::routes())
        .merge(log::routes())
        .merge(reload::routes())
        .merge(openapi::routes())
        .fallback(async || ApiError::no_such_resource())
        .method_not_allowed_fallback(async || ApiError::no_such_method())
        .layer(DefaultBodyLimit::max(messages::MAX_BODY_BYTES))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(door.clone(), guard::only_ours));
    let metrics = metrics::routes().layer(middleware::from_fn_with_state(door, guard::only_ours));
    Router::new()
        .nest("/api", api)
        .merge(metrics)
        .merge(page::router(context.stun.clone()))
        .layer(middleware::from_fn_with_state(context.hosts.clone(), guard::only_by_our_names))
        .with_state(context)
}

/// Gives up on a request whose body does not come. The stream of events is an answer, and goes on.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = timeout(REQUEST_LIMIT, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::too_slow().into_response())
}
