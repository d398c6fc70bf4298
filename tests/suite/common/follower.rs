//! One who reads `GET /api/events`.

use std::net::SocketAddr;

use reqwest::Response;
use serde_json::Value;

use super::openapi;

/// Reads server-sent events: pairs of `event` and `data`.
pub(crate) struct Follower {
    response: Response,
    unread: String,
}

impl Follower {
    /// Begins to read, from what happens next on.
    pub(crate) async fn of(address: SocketAddr) -> Self {
        let response = reqwest::get(format!("http://{address}/api/events")).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new() }
    }

    /// The next one; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                // A comment, which keeps the connection alive.
                if event.starts_with(':') {
                    continue;
                }
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                // What has none is a comment that keeps the stream alive.
                if let Some(kind) = field("event: ") {
                    let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
                    openapi::keeps_to("Event", &data);
                    return Some((kind, data));
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event of this kind; those before it are left alone. Panics at the end.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Some((next, data)) if next == kind => return data,
                Some(_) => {}
                None => panic!("the events ended before there was one of {kind}"),
            }
        }
    }
}
