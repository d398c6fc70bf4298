//! `DELETE /api/peers/{id}`: close the connection to a peer.

use axum::{Router, extract::State, routing::delete};
use http::StatusCode;
use tokio::sync::oneshot;

use super::{Context, error::ApiError, part::Part};
use crate::{gateway::command::Command, ids::PeerId};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/peers/{id}", delete(close))
}

async fn close(State(context): State<Context>, Part(id): Part<String>) -> Result<StatusCode, ApiError> {
    let peer = PeerId::new(id).map_err(|error| ApiError::bad_id(&error))?;
    let (reply, answer) = oneshot::channel();
    context.ask(Command::ClosePeer { peer, reply }, answer).await?;
    Ok(StatusCode::NO_CONTENT)
}
