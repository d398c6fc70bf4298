//! A page that speaks the library's dialect, served to a browser and looked at.

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use super::browser::Browser;

/// What the page sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Camera,
    None,
}

/// A browser that shows the page.
#[derive(Debug)]
pub(crate) struct DialectPage {
    pub(crate) browser: Browser,
    server: JoinHandle<()>,
}

impl DialectPage {
    /// Enters the room of `relay` as `id`, and comes back when the page has said that it is there.
    pub(crate) async fn enter(browser: Browser, relay: &str, id: &str, stream: Stream) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = url::Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let stream = if stream == Stream::Camera { "camera" } else { "none" };
        url.query_pairs_mut().append_pair("relay", relay).append_pair("id", id).append_pair("stream", stream);
        let server = tokio::spawn(async move { axum::serve(listener, files()).await.unwrap() });
        browser.open(url.as_str()).await;
        browser.until("the page is in the room", "window.seen?.isReady", &[]).await;
        Self { browser, server }
    }

    /// Waits until `peer` is connected, as the library tells it.
    pub(crate) async fn connected(&self, peer: &str) {
        self.browser.until("connected", "window.seen.connected.includes(arguments[0])", &[json!(peer)]).await;
    }

    /// Waits until the picture of `peer`, the last one that came, plays.
    pub(crate) async fn picture(&self, peer: &str) {
        let video = "[...document.querySelectorAll(`video[data-peer='${arguments[0]}']`)].at(-1)";
        self.browser.until("its picture plays", &format!("looking.plays({video})"), &[json!(peer)]).await;
    }

    /// Sends a text as the library does, once it can.
    pub(crate) async fn say(&self, peer: &str, text: &str) {
        let say = "window.connections.get(arguments[0])?.say(arguments[1])";
        self.browser.until("the message goes out", say, &[json!(peer), json!(text)]).await;
    }

    /// Waits for a message.
    pub(crate) async fn heard(&self, text: &str) {
        self.browser.until("the message comes", "window.seen.messages.includes(arguments[0])", &[json!(text)]).await;
    }

    /// Nothing came that makes the library throw.
    pub(crate) async fn assert_no_errors(&self) {
        assert_eq!(self.browser.value("window.seen.errors", &[]).await, json!([]));
    }
}

impl Drop for DialectPage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn files() -> Router {
    let page = ([(CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("dialect.html"));
    let script = ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("dialect.js"));
    Router::new().route("/", get(move || async move { page })).route("/dialect.js", get(move || async move { script }))
}
