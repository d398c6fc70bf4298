//! What a request that is not carried out is answered.

use axum::{
    Json,
    extract::rejection::JsonRejection,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tracing_subscriber::filter::ParseError;

use crate::{
    gateway::{NoAnswer, command::CommandError},
    ids::{InvalidId, RecordingId},
    logging::NoLog,
    messages::Unsendable,
    recorder::OrderError,
    reload::ReloadError,
    studio::SnapshotError,
};

/// An answer that says what is wrong and what helps.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    error: String,
    help: &'static str,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, error: impl Into<String>, help: &'static str) -> Self {
        Self { status, body: Body { error: error.into(), help } }
    }

    pub(super) fn no_such_resource() -> Self {
        Self::new(StatusCode::NOT_FOUND, "the API has nothing here", "docs/api.md lists what it has")
    }

    pub(super) fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this cannot be done here",
            "the header Allow says what can; docs/api.md lists the rest",
        )
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "expected the gateway's control token",
            "send the header 'Authorization: Bearer TOKEN' with what is in the file of --control-token-file",
        )
    }

    pub(super) fn other_site(error: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            error,
            "the API is for programs and for the gateway's own page; ask it from there",
        )
    }

    pub(super) fn overheard() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "over the network the API is spoken over TLS alone",
            "name a certificate in [http] of the gateway's configuration and ask over https://, or ask on its own machine",
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request did not come whole in time", "send it again, at once")
    }

    pub(super) fn bad_path(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, "percent-encode the id's UTF-8: the id a/b is a%2Fb")
    }

    pub(super) fn bad_id(error: &InvalidId) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("no peer's id: {error}"), "GET /api/state lists the peers")
    }

    pub(super) fn bad_source(error: &InvalidId) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("no source's name: {error}"), "GET /api/state lists the sources")
    }

    pub(super) fn bad_filter(error: &ParseError) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("no log filter: {error}"),
            "expected a level (error, warn, info, debug, trace), or target=level with commas between",
        )
    }

    pub(super) fn bad_recording(error: &InvalidId) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("no recording's id: {error}"),
            "GET /api/recordings lists the recordings",
        )
    }

    pub(super) fn bad_query(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, "docs/api.md says what recordings can be asked for by")
    }

    pub(super) fn no_such_segment(id: &RecordingId, sequence: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("no segment {sequence} of a recording {id} is kept"),
            "GET /api/recordings lists those that are",
        )
    }

    pub(super) fn unreadable(error: &std::io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the file can't be read: {error}"),
            "GET /api/state says how the disk of the recordings does",
        )
    }

    pub(super) fn disk_hangs() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the disk of the recordings does not give the file",
            "GET /api/state says how the disk of the recordings does",
        )
    }

    pub(super) fn bad_message(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, r#"send {"text": "..."} or {"base64": "..."}"#)
    }

    pub(super) fn too_large(error: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error, "send it in parts, or send less")
    }
}

impl From<Unsendable> for ApiError {
    fn from(error: Unsendable) -> Self {
        match error {
            Unsendable::TooLarge(_) => Self::too_large(error.to_string()),
            _ => Self::bad_message(error.to_string()),
        }
    }
}

impl From<NoAnswer> for ApiError {
    fn from(error: NoAnswer) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string(), "try again")
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let status = match error {
            CommandError::NoSuchPeer(_) => StatusCode::NOT_FOUND,
            CommandError::ChannelClosed(_) => StatusCode::CONFLICT,
            CommandError::Congested(..) => StatusCode::TOO_MANY_REQUESTS,
            CommandError::Stuck(_) | CommandError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            CommandError::Unsendable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string(), error.help())
    }
}

impl From<ReloadError> for ApiError {
    fn from(error: ReloadError) -> Self {
        let (status, help) = match error {
            ReloadError::NoAnswer(error) => return error.into(),
            ReloadError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "try again"),
            ReloadError::NoPort => (
                StatusCode::CONFLICT,
                "the one before is in force; 'systemctl restart peergate', or whatever else starts it",
            ),
            ReloadError::Defect(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the one before is in force"),
            _ => (
                StatusCode::CONFLICT,
                "the one before is in force; 'peergate check FILE' says what is wrong with a file",
            ),
        };
        Self::new(status, error.to_string(), help)
    }
}

impl From<SnapshotError> for ApiError {
    fn from(error: SnapshotError) -> Self {
        let (status, help) = match error {
            SnapshotError::UnknownSource { .. } => (StatusCode::NOT_FOUND, "GET /api/state lists the sources"),
            SnapshotError::Sound(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "GET /api/state says which sources have pictures")
            }
            SnapshotError::TooSlow(_) => (StatusCode::SERVICE_UNAVAILABLE, "GET /api/state says how the source does"),
            SnapshotError::Failed(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "'peergate doctor' says what is missing on this machine")
            }
        };
        Self::new(status, error.to_string(), help)
    }
}

impl From<NoLog> for ApiError {
    fn from(error: NoLog) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), "start the gateway in a process of its own")
    }
}

impl From<OrderError> for ApiError {
    fn from(error: OrderError) -> Self {
        let help = match error {
            OrderError::Nobody => "GET /api/state lists the members and their peers",
            OrderError::Busy => "ask again",
            OrderError::NoSuchRecording(_) => "GET /api/recordings lists the recordings",
            OrderError::Disk(_) => "GET /api/state says how the disk of the recordings does",
        };
        let status = match error {
            OrderError::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
            OrderError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            OrderError::Nobody | OrderError::NoSuchRecording(_) => StatusCode::NOT_FOUND,
        };
        Self::new(status, error.to_string(), help)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(text),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text, "send the header 'Content-Type: application/json'")
            }
            _ => Self::new(StatusCode::BAD_REQUEST, text, "docs/api.md says what the body is"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let extra = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Some((header::RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        };
        response.headers_mut().extend(extra.map(|(name, value)| (Some(name), value)));
        response
    }
}
