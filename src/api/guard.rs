//! Who may ask: programs with the token where there is one, or with a link, and no page but the gateway's own.

use std::time::SystemTime;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tracing::debug;

use super::{Context, error::ApiError};
use crate::{
    redact::Redacted,
    server::{Hosts, Origins, Privacy, check_host, check_origin},
};

/// Answers only to requests that name this server (`Host`).
pub(super) async fn only_by_our_names(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    if let Err(refused) = check_host(request.headers(), request.uri(), &hosts) {
        debug!(%refused);
        return ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            refused.to_string(),
            "use its address, or add the name to [http] hosts of its configuration",
        )
        .into_response();
    }
    next.run(request).await
}

/// Lets the API be used only by our own page and by programs, where nobody else can read along, with the token where there
/// is one. What a link is for is read with that, too.
pub(super) async fn only_ours(State(context): State<Context>, request: Request, next: Next) -> Response {
    if request.extensions().get() != Some(&Privacy::Private) {
        debug!("others can read along");
        return ApiError::overheard().into_response();
    }
    let headers = request.headers();
    if let Err(refused) = check_origin(headers, request.uri(), &Origins::default()) {
        debug!(%refused);
        return ApiError::other_site(refused.to_string()).into_response();
    }
    if is_cross_site(headers) {
        debug!("a browser asks on behalf of another site");
        return ApiError::other_site("pages of other sites may not use this server").into_response();
    }
    let has_link = context.links.allow(request.method(), request.uri(), SystemTime::now());
    if context.token.as_ref().is_some_and(|token| !has_link && !carries(headers, token)) {
        return ApiError::unauthorized().into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether a browser says that the request is another site's doing (Fetch Metadata): there is no `Origin`
/// in what a page of another site merely embeds. Programs say nothing.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn carries(headers: &HeaderMap, token: &Redacted<String>) -> bool {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return false };
    let Some((scheme, sent)) = value.as_bytes().split_at_checked("Bearer ".len()) else { return false };
    // Hashes have one length, so that the time taken tells nothing of the token, not even that.
    let same = Sha256::digest(sent.trim_ascii()).ct_eq(&Sha256::digest(token.reveal()));
    scheme.eq_ignore_ascii_case(b"Bearer ") && same.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        headers
    }

    #[test]
    fn the_token_is_carried_as_a_bearer_s() {
        let token = Redacted::new("s3cret".to_owned());
        for good in ["Bearer s3cret", "bearer s3cret", "Bearer  s3cret "] {
            assert!(carries(&with("authorization", good), &token), "{good}");
        }
        for bad in ["s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Basic s3cret", ""] {
            assert!(!carries(&with("authorization", bad), &token), "{bad}");
        }
        assert!(!carries(&HeaderMap::new(), &token));
    }

    #[test]
    fn a_browser_says_whose_doing_a_request_is() {
        for (site, cross) in [("cross-site", true), ("same-site", true), ("same-origin", false), ("none", false)] {
            assert_eq!(is_cross_site(&with("sec-fetch-site", site)), cross, "{site}");
        }
        assert!(!is_cross_site(&HeaderMap::new()));
    }
}
