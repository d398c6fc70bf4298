//! Who may ask: programs with the token where there is one, or with a link, and no page but the gateway's own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tracing::{debug, warn};

use super::{Context, error::ApiError};
use crate::{
    log_limit::LogLimit,
    server::{Hosts, Origins, Privacy, check_host, check_origin},
    token::Token,
};

/// Wrong tokens that the log tells of at once: somebody has mistyped it.
const GUESSES: u32 = 5;

/// Who is let in, and what the log is told of who is not. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Door {
    context: Context,
    guesses: Arc<Mutex<LogLimit>>,
}

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
pub(super) async fn only_ours(State(door): State<Door>, request: Request, next: Next) -> Response {
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
    let has_link = door.context.links.allow(request.method(), request.uri(), SystemTime::now());
    if door.context.token.as_ref().is_some_and(|token| !has_link && !carries(headers, token)) {
        if headers.contains_key(header::AUTHORIZATION) {
            door.tell_of_guess();
        }
        return ApiError::unauthorized().into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Door {
    /// That of an API for `context`.
    pub(super) fn of(context: &Context) -> Self {
        Self { context: context.clone(), guesses: Arc::new(Mutex::new(LogLimit::new(GUESSES))) }
    }

    fn tell_of_guess(&self) {
        let admitted = self.guesses.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(swallowed) = admitted {
            let more = swallowed.map_or(0, u64::from);
            warn!(more, "a program asks with a wrong token");
        }
    }
}

/// Whether a browser says that the request is another site's doing (Fetch Metadata): there is no `Origin`
/// in what a page of another site merely embeds. Programs say nothing.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn carries(headers: &HeaderMap, token: &Token) -> bool {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return false };
    let Some((scheme, sent)) = value.as_bytes().split_at_checked("Bearer ".len()) else { return false };
    token.is(sent) && scheme.eq_ignore_ascii_case(b"Bearer ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redacted;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        headers
    }

    #[test]
    fn the_token_is_carried_as_a_bearer_s() {
        let secret = "s3cret-of-sixteen";
        let token = Token::new(&Redacted::new(secret.to_owned())).unwrap();
        for good in ["Bearer SECRET", "bearer SECRET", "Bearer  SECRET "] {
            assert!(carries(&with("authorization", &good.replace("SECRET", secret)), &token), "{good}");
        }
        for bad in ["SECRET", "Bearer", "Bearer ", "Bearer s3cret-of-sixtee", "Bearer SECRETs", "Basic SECRET", ""] {
            assert!(!carries(&with("authorization", &bad.replace("SECRET", secret)), &token), "{bad}");
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
