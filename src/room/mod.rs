//! The room's rules, sans-IO: who offers to whom, who gives way, what is held back, when it is given up.
//!
//! Time, messages and reports go in with [`Room::handle_input`]; what to do comes out of
//! [`Room::poll_output`]. Nothing here waits, spawns or knows GStreamer.

mod event;

pub use event::{Command, Input, Link, Notice, Output};
