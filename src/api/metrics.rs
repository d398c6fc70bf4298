//! `GET /metrics`: what is measured, for Prometheus.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::header;

use super::Context;
use crate::metrics;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(context): State<Context>) -> impl IntoResponse {
    let state = context.gateway.state.borrow().clone();
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::exposition(state))
}
