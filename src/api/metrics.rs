//! `GET /metrics`: what is measured, for Prometheus.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::header;

use super::Context;
use crate::metrics::{self, Sight};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(context): State<Context>) -> impl IntoResponse {
    let gateway = context.gateway.state.borrow().clone();
    let servers = context.servers.borrow().clone();
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::exposition(Sight { gateway, servers }))
}
