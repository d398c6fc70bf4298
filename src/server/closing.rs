//! How what lives longer than a request learns that the server stops.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::sync::watch;

/// Tells when the server stops. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub(crate) struct Closing(Option<watch::Receiver<()>>);

/// The server's end. Dropping it is the signal.
#[derive(Debug)]
pub(super) struct ClosingSignal {
    _sender: watch::Sender<()>,
}

impl Closing {
    pub(super) fn pair() -> (ClosingSignal, Self) {
        let (sender, receiver) = watch::channel(());
        (ClosingSignal { _sender: sender }, Self(Some(receiver)))
    }

    /// Waits until the server stops; for ever, when it is one that never does.
    pub(crate) async fn wait(mut self) {
        match &mut self.0 {
            // Nothing is ever sent: it ends when the sender is dropped.
            Some(receiver) => while receiver.changed().await.is_ok() {},
            None => std::future::pending().await,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Closing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}
