//! docs/api.md says what the API does: its requests, its events and its errors.

use std::{collections::BTreeSet, fs};

use reqwest::{Method, StatusCode};

use crate::common::{control::Control, openapi};

/// The rows of the table whose first column is `heading`: what is in each column, without back quotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string("docs/api.md").unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let lines = page.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |"))).skip(2);
    let rows: Vec<Vec<String>> = lines.take_while(|line| line.starts_with('|')).map(cells).collect();
    assert!(!rows.is_empty(), "docs/api.md has no table of each {heading}");
    rows
}

fn first_column(heading: &str) -> BTreeSet<String> {
    table(heading).into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect()
}

#[tokio::test]
async fn each_request_is_taken() {
    let mut control = Control::start().await;
    // Nobody carries commands out: they are answered with 503 at once.
    control.commands.close();
    for request in first_column("request") {
        let (method, path) = request.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let parts = [("{id}", "ann"), ("{sequence}", "0"), ("{name}", "picture")];
        let asked = parts.iter().fold(path.to_owned(), |path, (part, with)| path.replace(part, with));
        let request = control.request(method, &asked).header("content-type", "application/json");
        let body = match path {
            "/api/recordings" => "{}",
            "/api/log" => r#"{"filter": "info"}"#,
            _ => r#"{"text": "hello"}"#,
        };
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            // Nothing is recorded, and nobody is there to be.
            let why = answer.text().await.unwrap();
            assert!(why.contains("record"), "{path}: {why}");
        } else {
            assert!(matches!(status, StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::SERVICE_UNAVAILABLE), "{path}: {status}");
        }
    }
}

#[test]
fn each_event_is_named() {
    assert_eq!(first_column("event"), openapi::words("Event", "event"));
}

#[test]
fn each_status_is_explained() {
    let mut used = BTreeSet::new();
    for file in fs::read_dir("src/api").unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let is_used = |status: &StatusCode| source.contains(&format!("StatusCode::{}", constant(*status)));
        used.extend((400..600).filter_map(|code| StatusCode::from_u16(code).ok()).filter(is_used));
    }
    let used: BTreeSet<_> = used.iter().map(|status| status.as_str().to_owned()).collect();
    assert_eq!(first_column("status"), used);
}

/// `404 Not Found`: `NOT_FOUND`
fn constant(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("-").to_uppercase().replace(' ', "_")
}
