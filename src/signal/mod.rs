//! Signalling: the room's wire messages and the client that carries them.

pub mod backoff;
pub mod client;
pub mod message;
pub mod relay_url;
mod transport;
mod websocket;
