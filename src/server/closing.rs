//! How what lives longer than a request learns that the server stops.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::sync::watch;

/// Tells when the server stops, which then waits until it is dropped. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub(crate) struct Closing(Option<watch::Receiver<bool>>);

/// The server's end.
#[derive(Debug, Clone)]
pub(super) struct Close(watch::Sender<bool>);

impl Closing {
    pub(super) fn pair() -> (Close, Self) {
        let (sender, receiver) = watch::channel(false);
        (Close(sender), Self(Some(receiver)))
    }

    /// Waits until the server stops; for ever, when it is one that never does.
    pub(crate) async fn wait(&mut self) {
        match &mut self.0 {
            // An error says that the server is gone altogether.
            Some(receiver) => drop(receiver.wait_for(|stops| *stops).await),
            None => std::future::pending().await,
        }
    }
}

impl Close {
    pub(super) fn send(&self) {
        self.0.send_replace(true);
    }

    /// Waits until nobody holds a [`Closing`] any more.
    pub(super) async fn all_gone(&self) {
        self.0.closed().await;
    }
}

impl<S: Sync> FromRequestParts<S> for Closing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}
