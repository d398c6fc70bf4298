//! `POST /api/messages` and `POST /api/peers/{id}/messages`: send over data channels.

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    routing::post,
};

use super::{Context, body::Sent, error::ApiError, part::Part};
use crate::{
    gateway::{ANSWER_LIMIT, command::Command},
    ids::{Members, PeerId},
    messages::Written,
    report::Message,
};

/// The longest body: a message in which JSON escapes every byte with six.
pub(super) const MAX_BODY_BYTES: usize = 6 * Message::MAX_BYTES + 1024;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/messages", post(to_all)).route("/peers/{id}/messages", post(to_one))
}

type Answer = Result<Json<Sent>, ApiError>;

async fn to_all(State(context): State<Context>, body: Result<Json<Written>, JsonRejection>) -> Answer {
    send(&context, None, body).await
}

async fn to_one(
    State(context): State<Context>,
    Part(id): Part<String>,
    body: Result<Json<Written>, JsonRejection>,
) -> Answer {
    let peer = PeerId::new(id).map_err(|error| ApiError::bad_id(&error))?;
    send(&context, Some(peer), body).await
}

async fn send(context: &Context, peer: Option<PeerId>, body: Result<Json<Written>, JsonRejection>) -> Answer {
    let Json(written) = body?;
    let message = Message::try_from(written)?;
    let send = |reply| Command::Send { members: Members::All, peer, message, reply };
    let peers = context.gateway.ask(ANSWER_LIMIT, send).await??;
    Ok(Json(Sent { peers }))
}
