//! `POST /api/reload`: reads the configuration again, and brings the daemon to what it says by now.

use axum::{Json, Router, extract::State, routing::post};

use super::{Context, error::ApiError};
use crate::report::Reloaded;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/reload", post(reload))
}

async fn reload(State(context): State<Context>) -> Result<Json<Reloaded>, ApiError> {
    Ok(Json(context.reload.ask().await?))
}
