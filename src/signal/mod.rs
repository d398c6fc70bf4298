//! Signalling: the room's wire messages and the client that carries them.

pub mod backoff;
pub mod client;
pub mod message;
pub mod relay_url;
pub(crate) mod tls;
mod transport;
mod websocket;
