//! `GET /api/state`: the whole, at one moment.

use axum::{Json, Router, extract::State, routing::get};

use super::Context;
use crate::report;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/state", get(show))
}

async fn show(State(context): State<Context>) -> Json<report::State> {
    let state = context.gateway.state.borrow().clone();
    Json(state)
}
