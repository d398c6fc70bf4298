//! The parts of a path that say what is meant: `{id}`, `{sequence}`.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// What stands in a path, percent-decoded. One that is no UTF-8 then is refused in the API's own words.
#[derive(Debug)]
pub(super) struct Part<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Part<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(part)) => Ok(Self(part)),
            Err(rejection) => Err(ApiError::bad_path(rejection.body_text())),
        }
    }
}
