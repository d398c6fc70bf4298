//! `GET /api/log` and `PUT /api/log`: what is logged, until the daemon ends.

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    routing::get,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Context, error::ApiError};
use crate::logging::Filter;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/log", get(show).put(change))
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// As `[log] filter` of the configuration.
    filter: String,
}

async fn show(State(context): State<Context>) -> Result<Json<Body>, ApiError> {
    Ok(Json(Body { filter: context.log.filter()? }))
}

async fn change(
    State(context): State<Context>,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(Body { filter: asked }) = body?;
    let filter = Filter::new(&asked).map_err(|error| ApiError::bad_filter(&error))?;
    // Before and behind it, as either filter may leave it out.
    tracing::info!(filter = asked, "the log is changed");
    context.log.set(&filter)?;
    tracing::info!(filter = asked, "this is logged from now on");
    Ok(StatusCode::NO_CONTENT)
}
