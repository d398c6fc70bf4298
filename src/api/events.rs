//! `GET /api/events`: what happens, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{
        Sse,
        sse::{self, KeepAlive},
    },
    routing::get,
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Context;
use crate::{report::Event, server::Closing};

/// Some proxies cut a silent response off after 30 s.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/events", get(follow))
}

/// A follower that did not keep up.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "lost")]
struct Lost {
    /// So many events were dropped.
    count: u64,
}

async fn follow(
    State(context): State<Context>,
    mut closing: Closing,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let events = stream::unfold(context.gateway.events.subscribe(), next).map(Ok);
    Sse::new(events.take_until(async move { closing.wait().await })).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

async fn next(mut events: broadcast::Receiver<Event>) -> Option<(sse::Event, broadcast::Receiver<Event>)> {
    let written = match events.recv().await {
        Ok(event) => written(&event),
        Err(RecvError::Lagged(count)) => written(&Lost { count }),
        Err(RecvError::Closed) => return None,
    };
    Some((written, events))
}

/// One event: its kind in the `event` line too, for those who listen to some kinds only.
fn written(event: &impl Serialize) -> sse::Event {
    let event = serde_json::to_value(event).expect("events are texts and numbers, which are always JSON");
    let kind = event["event"].as_str().expect("events are tagged with their kind").to_owned();
    sse::Event::default().event(kind).data(event.to_string())
}
