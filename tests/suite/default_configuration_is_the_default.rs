//! `config/default.toml` says what is true without it.

use peergate::config;

#[test]
fn loading_it_equals_loading_nothing() {
    let manual = include_str!("../../config/default.toml");
    assert_eq!(config::parse(manual), config::parse(""));
    assert!(config::parse("").is_ok());
}
