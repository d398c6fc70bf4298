//! A bare WebSocket, for those who look at a relay from outside.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// An open one.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came before the relay's first pong.
    early: VecDeque<Result<Message, Error>>,
}

/// The status that a handshake with these headers is answered with; 101 is success.
pub(crate) async fn request(url: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::try_from(*value).unwrap());
    }
    match connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("no answer: {other}"),
    }
}

impl Socket {
    /// Opens one, and waits until the relay has let it in or closes it.
    pub(crate) async fn open(url: &str) -> Self {
        let (mut stream, _) = connect_async(url).await.unwrap();
        // The relay reads, and so answers, only those that it has let in.
        stream.send(Message::Ping(Default::default())).await.unwrap();
        let mut early = VecDeque::new();
        while let Some(next) = stream.next().await {
            let entered = matches!(next, Ok(Message::Pong(_)));
            let closed = matches!(next, Ok(Message::Close(_)) | Err(_));
            early.push_back(next);
            if entered || closed {
                break;
            }
        }
        Self { stream, early }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    /// The next text.
    pub(crate) async fn hear(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("expected a text, got {other:?}"),
        }
    }

    /// The next bytes.
    pub(crate) async fn hear_bytes(&mut self) -> Vec<u8> {
        match self.next().await {
            Some(Message::Binary(bytes)) => bytes.to_vec(),
            other => panic!("expected bytes, got {other:?}"),
        }
    }

    /// The next message; `None` when it was closed or cut off.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            match self.read().await? {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(message) => return Some(message),
            }
        }
    }

    /// With what code and reason the relay closes it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.read().await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a goodbye, got {other:?}"),
            }
        }
    }

    /// Waits until it is closed or cut off.
    pub(crate) async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Closes it from this side, and waits for the relay's goodbye.
    pub(crate) async fn close(mut self) {
        self.stream.close(None).await.unwrap();
        self.ended().await;
    }

    async fn read(&mut self) -> Option<Result<Message, Error>> {
        match self.early.pop_front() {
            Some(early) => Some(early),
            None => self.stream.next().await,
        }
    }
}
