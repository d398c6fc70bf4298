//! The embedded relay: it passes each message of a socket on to every other socket of the same room. It
//! reads none of them.
//!
//! One task, in `rooms`, owns all rooms. Each socket has a task of its own with a bounded queue.

mod limits;
mod rooms;
mod socket;

use axum::{
    Router,
    extract::{Path, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, StatusCode, Uri};
use tracing::{Instrument, debug, info_span};

pub use limits::Limits;

use crate::server::{Closing, Hosts, Origins, check_host, check_origin};
use rooms::{RoomName, Rooms};

/// The room of `/signal`.
const NAMELESS: &str = "";

/// How the relay is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What one socket, one room and all of them may take.
    pub limits: Limits,
    /// The names it answers to.
    pub hosts: Hosts,
    /// The pages that may use it, beside those of the same server.
    pub origins: Origins,
}

#[derive(Clone)]
struct Relay {
    rooms: Rooms,
    limits: Limits,
    hosts: Hosts,
    origins: Origins,
}

/// The routes `/signal` (a room without a name) and `/signal/{room}`.
///
/// Call it inside a tokio runtime.
pub fn router(settings: Settings) -> Router {
    let Settings { limits, hosts, origins } = settings;
    let relay = Relay { rooms: Rooms::open(limits), limits, hosts, origins };
    Router::new().route("/signal", any(enter_nameless)).route("/signal/{room}", any(enter)).with_state(relay)
}

async fn enter_nameless(
    relay: State<Relay>,
    uri: Uri,
    headers: HeaderMap,
    closing: Closing,
    upgrade: WebSocketUpgrade,
) -> Response {
    enter(relay, Path(NAMELESS.to_owned()), uri, headers, closing, upgrade).await
}

async fn enter(
    State(relay): State<Relay>,
    Path(room): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    closing: Closing,
    mut upgrade: WebSocketUpgrade,
) -> Response {
    if let Err(refused) = check_host(&headers, &uri, &relay.hosts) {
        debug!(%refused);
        return (StatusCode::MISDIRECTED_REQUEST, format!("{refused}; the configuration can add it to its hosts\n"))
            .into_response();
    }
    if let Err(refused) = check_origin(&headers, &uri, &relay.origins) {
        debug!(%refused);
        return (StatusCode::FORBIDDEN, format!("{refused}; the configuration can add it to the relay's origins\n"))
            .into_response();
    }
    // A browser that offers sub-protocols gives up unless one of them is taken. They mean nothing here.
    let first = upgrade.requested_protocols().next().cloned();
    if let Some(first) = first {
        upgrade.set_selected_protocol(first);
    }
    let Relay { rooms, limits, .. } = relay;
    let span = info_span!("socket", room = tracing::field::Empty);
    upgrade
        .max_message_size(limits.received_bytes())
        .max_frame_size(limits.received_bytes())
        .read_buffer_size(socket::BUFFER_BYTES)
        .write_buffer_size(socket::BUFFER_BYTES)
        .on_upgrade(move |socket| socket::serve(socket, RoomName::new(room), rooms, limits, closing).instrument(span))
}
