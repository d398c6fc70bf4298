//! Every test of the daemon from outside, one behaviour per file; `common` holds the parts they share.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod common;
automod::dir!("tests/suite");
