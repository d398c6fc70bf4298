//! `POST /api/messages` and `POST /api/peers/{id}/messages`: send over data channels.

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Context, error::ApiError};
use crate::{gateway::command::Command, ids::PeerId, report::Message};

/// The longest message, in bytes. What browsers agree to take over a data channel (RFC 8841: without
/// `max-message-size`, 64 KiB).
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The longest body: a message in which JSON escapes every byte with six.
pub(super) const MAX_BODY_BYTES: usize = 6 * MAX_MESSAGE_BYTES + 1024;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/messages", post(to_all)).route("/peers/{id}/messages", post(to_one))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Debug, Serialize)]
struct Sent {
    peers: usize,
}

type Answer = Result<Json<Sent>, ApiError>;

async fn to_all(State(context): State<Context>, body: Result<Json<Body>, JsonRejection>) -> Answer {
    send(&context, None, body).await
}

async fn to_one(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Result<Json<Body>, JsonRejection>,
) -> Answer {
    let peer = PeerId::new(id).map_err(|error| ApiError::bad_id(&error))?;
    send(&context, Some(peer), body).await
}

async fn send(context: &Context, peer: Option<PeerId>, body: Result<Json<Body>, JsonRejection>) -> Answer {
    let Json(body) = body?;
    let message = message(body)?;
    let (reply, answer) = oneshot::channel();
    let peers = context.ask(Command::Send { peer, message, reply }, answer).await?;
    Ok(Json(Sent { peers }))
}

fn message(body: Body) -> Result<Message, ApiError> {
    let (message, length) = match body {
        Body { text: Some(text), base64: None } => {
            let length = text.len();
            (Message::Text { text }, length)
        }
        Body { text: None, base64: Some(encoded) } => {
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|error| ApiError::bad_message(format!("expected base64 (RFC 4648, padded): {error}")))?;
            let length = bytes.len();
            (Message::Binary { bytes }, length)
        }
        Body { text: Some(_), base64: Some(_) } => {
            return Err(ApiError::bad_message("expected text or base64, got both"));
        }
        Body { text: None, base64: None } => {
            return Err(ApiError::bad_message("expected text or base64, got neither"));
        }
    };
    if length == 0 {
        // webrtcbin 1.22 can't send one, and a peer can't tell it from none.
        return Err(ApiError::bad_message("expected a message of one byte or more, got an empty one"));
    }
    if length > MAX_MESSAGE_BYTES {
        return Err(ApiError::too_large(format!(
            "expected a message of at most {MAX_MESSAGE_BYTES} bytes, got one of {length}"
        )));
    }
    Ok(message)
}
