//! `DELETE /api/peers/{id}`: close the connection to a peer.

use axum::{Router, extract::State, routing::delete};
use http::StatusCode;

use super::{Context, error::ApiError, part::Part};
use crate::{
    gateway::{ANSWER_LIMIT, command::Command},
    ids::PeerId,
};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/peers/{id}", delete(close))
}

async fn close(State(context): State<Context>, Part(id): Part<String>) -> Result<StatusCode, ApiError> {
    let peer = PeerId::new(id).map_err(|error| ApiError::bad_id(&error))?;
    context.gateway.ask(ANSWER_LIMIT, |reply| Command::ClosePeer { peer, reply }).await??;
    Ok(StatusCode::NO_CONTENT)
}
