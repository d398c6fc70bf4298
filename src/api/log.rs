//! `GET /api/log` and `PUT /api/log`: what is logged, until the daemon ends.

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    routing::get,
};
use http::StatusCode;

use super::{Context, body::Log, error::ApiError};
use crate::logging::Filter;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/log", get(show).put(change))
}

async fn show(State(context): State<Context>) -> Result<Json<Log>, ApiError> {
    Ok(Json(Log { filter: context.log.filter()? }))
}

async fn change(
    State(context): State<Context>,
    body: Result<Json<Log>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(Log { filter: asked }) = body?;
    let filter = Filter::new(&asked).map_err(|error| ApiError::bad_filter(&error))?;
    // Before and behind it, as either filter may leave it out.
    tracing::info!(filter = asked, "the log is changed");
    context.log.set(&filter)?;
    tracing::info!(filter = asked, "this is logged from now on");
    Ok(StatusCode::NO_CONTENT)
}
