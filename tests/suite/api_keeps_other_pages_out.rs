//! A browser sends requests for any page its user has open: those of other pages are refused, whatever they
//! try.

use peergate::server::Hosts;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HOST, ORIGIN},
};
use serde_json::Value;

use crate::common::control::Control;

async fn asked(control: &Control, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let request = headers.iter().fold(control.request(Method::GET, path), |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn programs_and_our_own_page_may_ask() {
    let control = Control::start().await;
    let own = format!("http://{}", control.address);
    for headers in [
        vec![],
        vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
        vec![("host", "localhost:8080"), ("origin", "http://localhost:8080")],
    ] {
        assert_eq!(asked(&control, "/api/state", &headers).await, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_not_ask() {
    let control = Control::start().await;
    let neighbour = format!("http://127.0.0.1:{}", control.address.port() ^ 1);
    for headers in [
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("origin", neighbour.as_str())],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
    ] {
        for path in ["/api/state", "/api/events", "/api/nothing"] {
            assert_eq!(asked(&control, path, &headers).await, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn no_answer_allows_another_origin_to_read_it() {
    let control = Control::start().await;
    for method in [Method::GET, Method::OPTIONS] {
        let request = control.request(method, "/api/state").header(ORIGIN, "https://evil.example");
        let response = request.header("access-control-request-method", "POST").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let names: Vec<_> = response.headers().keys().filter(|name| name.as_str().starts_with("access-control")).collect();
        assert!(names.is_empty(), "{names:?}");
    }
}

#[tokio::test]
async fn a_form_of_another_page_sends_nothing() {
    let mut control = Control::start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = control.request(Method::POST, "/api/messages").header(CONTENT_TYPE, kind);
        let status = request.body(r#"{"text": "hello"}"#).send().await.unwrap().status();
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert!(control.commands.try_recv().is_err(), "nothing reached the gateway");
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_not_answered_to() {
    let control = Control::with(None, Hosts::new(["camera.example".to_owned()])).await;
    for path in ["/", "/main.js", "/api/state"] {
        for (host, status) in [
            ("evil.example", StatusCode::MISDIRECTED_REQUEST),
            ("127.0.0.1.evil.example:8080", StatusCode::MISDIRECTED_REQUEST),
            ("camera.example", StatusCode::OK),
            ("127.0.0.1:8080", StatusCode::OK),
            ("[::1]:8080", StatusCode::OK),
            ("localhost:8080", StatusCode::OK),
        ] {
            assert_eq!(asked(&control, path, &[(HOST.as_str(), host)]).await, status, "{path} {host}");
        }
    }
}

#[tokio::test]
async fn with_a_token_nobody_asks_without_it() {
    let control = Control::with(Some("s3cret-of-sixteen"), Hosts::default()).await;
    let state = |token: Option<&str>| {
        let request = control.request(Method::GET, "/api/state");
        token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token)).send()
    };
    assert_eq!(state(Some("s3cret-of-sixteen")).await.unwrap().status(), StatusCode::OK);
    assert_eq!(state(Some("guess")).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let refused = state(None).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    let body: Value = refused.json().await.unwrap();
    assert!(body["help"].as_str().unwrap().contains("--control-token-file"), "{body}");
    assert_eq!(asked(&control, "/", &[]).await, StatusCode::OK, "the page itself is for all");
}
