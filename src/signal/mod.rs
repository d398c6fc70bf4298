//! Signalling: the room's wire messages and the client that carries them.

pub mod message;
