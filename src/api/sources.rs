//! `GET /api/sources/{name}/snapshot.jpg`: what a source shows right now.

use std::time::Duration;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::header;

use super::{Context, error::ApiError, part::Part};
use crate::{gateway::command::Command, ids::SourceName, studio::SNAPSHOT_LIMIT};

/// A little longer than a picture may take, so that why there is none is told.
const ANSWER_LIMIT: Duration = Duration::from_secs(SNAPSHOT_LIMIT.as_secs() + 1);

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/sources/{name}/snapshot.jpg", get(snapshot))
}

async fn snapshot(State(context): State<Context>, Part(name): Part<String>) -> Result<impl IntoResponse, ApiError> {
    let source = SourceName::new(name).map_err(|error| ApiError::bad_source(&error))?;
    let picture = context.gateway.ask(ANSWER_LIMIT, |reply| Command::Snapshot { source, most: None, reply }).await??;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], picture.jpeg))
}
