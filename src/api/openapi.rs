//! `GET /api/openapi.json`: what the API takes and answers, for programs that make clients of it.

use axum::{Router, http::header, response::IntoResponse, routing::get};

use super::Context;

/// OpenAPI 3.1. The tests compare it with the routes, the types and the answers.
const DOCUMENT: &str = include_str!("../../docs/openapi.json");

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/openapi.json", get(show))
}

async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
