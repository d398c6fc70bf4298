//! `/api/recordings`: what is recorded and what is kept, to be started, ended, downloaded and pinned.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::{
        Query, Request, State,
        rejection::{JsonRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tower_http::services::ServeFile;

use super::{
    Context, REQUEST_LIMIT,
    body::{self, Started, What},
    error::ApiError,
    part::Part,
};
use crate::{
    ids::{PeerId, RecordingId},
    recorder::Order,
    recording::{
        Kept, WallTime, Wanted,
        shelf::{self, Page, Place},
    },
    report::RecordingState,
};

/// The longest time before that can be asked for. More is never held.
const LONGEST_BEFORE: u64 = 60_000;

/// The most segments that are listed at once: some 500 kB.
const MOST_LISTED: usize = 1000;

/// How long the disk may take to open a file, which some do while they spin up: less than the request may, so that the disk
/// is blamed and not whoever asks.
const READ_LIMIT: Duration = Duration::from_secs(REQUEST_LIMIT.as_secs() - 1);

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/recordings", get(list).post(start))
        .route("/recordings/{id}", delete(end))
        .route("/recordings/{id}/pinned", put(pin).delete(unpin))
        .route("/recordings/{id}/{sequence}", get(download))
        .route("/recordings/{id}/{sequence}/manifest", get(manifest))
        .route("/recordings/{id}/{sequence}/link", post(lend))
}

/// Which segments are listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    member: Option<PeerId>,
    peer: Option<PeerId>,
    recording: Option<RecordingId>,
    from: Option<WallTime>,
    to: Option<WallTime>,
    after: Option<String>,
    #[serde(default = "most_listed")]
    limit: usize,
}

#[derive(Debug, Serialize)]
struct List {
    running: Vec<RecordingState>,
    segments: Vec<Kept>,
    /// What to ask for as `after` to have what comes behind these.
    next: Option<String>,
}

async fn list(
    State(context): State<Context>,
    listed: Result<Query<Listed>, QueryRejection>,
) -> Result<Json<List>, ApiError> {
    let Query(Listed { member, peer, recording, from, to, after, limit }) =
        listed.map_err(|error| ApiError::bad_query(error.body_text()))?;
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(ApiError::bad_query(format!("expected limit from 1 to {MOST_LISTED}, got {limit}")));
    }
    let after = after.map(|after| after.parse::<Place>()).transpose();
    let after = after.map_err(|error| ApiError::bad_query(format!("after: {error}")))?;
    let query = shelf::Query { member, peer, recording, from, to, after };
    let running = context.gateway.state.borrow().recordings.clone();
    let Page { segments, next } = context.gateway.recorder.kept().borrow().page(&query, limit);
    Ok(Json(List { running, segments, next: next.map(|place| place.to_string()) }))
}

const fn most_listed() -> usize {
    MOST_LISTED
}

async fn start(
    State(context): State<Context>,
    body: Result<Json<body::Order<PeerId>>, JsonRejection>,
) -> Result<(StatusCode, Json<Started>), ApiError> {
    let Json(body::Order { member, peer, what, before_ms }) = body?;
    if before_ms > LONGEST_BEFORE {
        return Err(ApiError::bad_message(format!("expected before_ms of at most {LONGEST_BEFORE}, got {before_ms}")));
    }
    let wanted = match what {
        Some(What::Local) => Wanted::LOCAL,
        Some(What::All) => Wanted::ALL,
        Some(What::Remote) | None => Wanted::REMOTE,
    };
    let order = Order { members: member.into(), peer, wanted, before: Duration::from_millis(before_ms) };
    let running = context.gateway.recorder.order(order).await?;
    Ok((StatusCode::CREATED, Json(Started { recordings: running.into_iter().map(|one| one.id).collect() })))
}

async fn end(State(context): State<Context>, Part(id): Part<String>) -> Result<StatusCode, ApiError> {
    context.gateway.recorder.end(known(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pin(State(context): State<Context>, Part(id): Part<String>) -> Result<StatusCode, ApiError> {
    context.gateway.recorder.pin(known(id)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unpin(State(context): State<Context>, Part(id): Part<String>) -> Result<StatusCode, ApiError> {
    context.gateway.recorder.pin(known(id)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn download(
    State(context): State<Context>,
    Part((id, sequence)): Part<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let file = segment(&context, id, &sequence)?;
    serve(file, request).await
}

async fn manifest(
    State(context): State<Context>,
    Part((id, sequence)): Part<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let file = segment(&context, id, &sequence)?.with_extension("json");
    serve(file, request).await
}

#[derive(Debug, Serialize)]
struct Lent {
    /// Its path and query, below `/api/`.
    link: String,
}

async fn lend(
    State(context): State<Context>,
    Part((id, sequence)): Part<(String, String)>,
) -> Result<(StatusCode, Json<Lent>), ApiError> {
    segment(&context, id.clone(), &sequence)?;
    let path = format!("/recordings/{}/{sequence}", utf8_percent_encode(&id, NON_ALPHANUMERIC));
    let link = context.links.link(&path, SystemTime::now()).trim_start_matches('/').to_owned();
    Ok((StatusCode::CREATED, Json(Lent { link })))
}

/// Where a segment is. Only what is kept is found, whatever is asked for.
fn segment(context: &Context, id: String, sequence: &str) -> Result<PathBuf, ApiError> {
    let id = known(id)?;
    let kept = context.gateway.recorder.kept();
    let kept = kept.borrow();
    let wanted = |kept: &&Kept| kept.sequence.to_string() == sequence;
    let found = kept.of_recording(&id).find(wanted).ok_or_else(|| ApiError::no_such_segment(&id, sequence))?;
    Ok(context.gateway.recorder.dir().join(&*found.file))
}

/// The file, or the part of it that is asked for (RFC 9110, section 14).
async fn serve(file: PathBuf, request: Request) -> Result<Response, ApiError> {
    match timeout(READ_LIMIT, ServeFile::new(file).try_call(request)).await {
        Ok(Ok(response)) => Ok(response.into_response()),
        Ok(Err(error)) => Err(ApiError::unreadable(&error)),
        Err(_) => Err(ApiError::disk_hangs()),
    }
}

fn known(id: String) -> Result<RecordingId, ApiError> {
    RecordingId::new(id).map_err(|error| ApiError::bad_recording(&error))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_is_blamed_for_it() {
        let folder = tempfile::tempdir().unwrap();
        // To open a pipe that nobody writes to takes for ever.
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let served = tokio::spawn(serve(pipe.clone(), Request::new(Body::empty())));
        tokio::task::yield_now().await;
        // What hangs in a thread keeps virtual time from going on by itself.
        tokio::time::advance(READ_LIMIT + Duration::from_millis(1)).await;
        let answer = served.await.unwrap().into_response();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        // The thread is let go, for as long as this process lives.
        std::mem::forget(std::fs::File::options().read(true).write(true).open(&pipe).unwrap());
    }
}
