//! `/api/recordings`: what is recorded and what is kept, to be started, ended, downloaded and pinned.

use std::{path::PathBuf, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Request, State, rejection::JsonRejection},
    response::{IntoResponse, Response},
    routing::{delete, get, put},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tower_http::services::ServeFile;

use super::{Context, error::ApiError};
use crate::{
    ids::{PeerId, RecordingId},
    recorder::Order,
    recording::{Kept, Wanted},
    report::RecordingState,
};

/// The longest time before that can be asked for. More is never held.
const LONGEST_BEFORE: u64 = 60_000;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/recordings", get(list).post(start))
        .route("/recordings/{id}", delete(end))
        .route("/recordings/{id}/pinned", put(pin).delete(unpin))
        .route("/recordings/{id}/{sequence}", get(download))
        .route("/recordings/{id}/{sequence}/manifest", get(manifest))
}

#[derive(Debug, Serialize)]
struct List {
    running: Vec<RecordingState>,
    segments: Vec<Kept>,
}

async fn list(State(context): State<Context>) -> Json<List> {
    let running = context.state.borrow().recordings.clone();
    let segments = context.recorder.kept().borrow().as_ref().clone();
    Json(List { running, segments })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    member: Option<PeerId>,
    peer: Option<PeerId>,
    what: Option<What>,
    #[serde(default)]
    before_ms: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Remote,
    Local,
    All,
}

#[derive(Debug, Serialize)]
struct Started {
    recordings: Vec<RecordingId>,
}

async fn start(
    State(context): State<Context>,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<(StatusCode, Json<Started>), ApiError> {
    let Json(Body { member, peer, what, before_ms }) = body?;
    if before_ms > LONGEST_BEFORE {
        return Err(ApiError::bad_message(format!("expected before_ms of at most {LONGEST_BEFORE}, got {before_ms}")));
    }
    let wanted = match what {
        Some(What::Local) => Wanted::LOCAL,
        Some(What::All) => Wanted::ALL,
        Some(What::Remote) | None => Wanted::REMOTE,
    };
    let order = Order { member, peer, wanted, before: Duration::from_millis(before_ms) };
    let recordings = context.recorder.order(order).await?;
    Ok((StatusCode::CREATED, Json(Started { recordings })))
}

async fn end(State(context): State<Context>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    context.recorder.end(known(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pin(State(context): State<Context>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    context.recorder.pin(known(id)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unpin(State(context): State<Context>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    context.recorder.pin(known(id)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn download(
    State(context): State<Context>,
    Path((id, sequence)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let file = segment(&context, id, &sequence)?;
    serve(file, request).await
}

async fn manifest(
    State(context): State<Context>,
    Path((id, sequence)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let file = segment(&context, id, &sequence)?.with_extension("json");
    serve(file, request).await
}

/// Where a segment is. Only what is kept is found, whatever is asked for.
fn segment(context: &Context, id: String, sequence: &str) -> Result<PathBuf, ApiError> {
    let id = known(id)?;
    let kept = context.recorder.kept();
    let kept = kept.borrow();
    let wanted = |kept: &&Kept| kept.recording == id && kept.sequence.to_string() == sequence;
    let found = kept.iter().find(wanted).ok_or_else(|| ApiError::no_such_segment(&id, sequence))?;
    Ok(context.recorder.dir().join(&found.file))
}

/// The file, or the part of it that is asked for (RFC 9110, section 14).
async fn serve(file: PathBuf, request: Request) -> Result<Response, ApiError> {
    match ServeFile::new(file).try_call(request).await {
        Ok(response) => Ok(response.into_response()),
        Err(error) => Err(ApiError::unreadable(&error)),
    }
}

fn known(id: String) -> Result<RecordingId, ApiError> {
    RecordingId::new(id).map_err(|error| ApiError::bad_recording(&error))
}
