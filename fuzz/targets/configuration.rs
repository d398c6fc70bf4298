//! Any text as a configuration: no panic, and what is wrong with it is told in words.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(problems) = peergate::config::parse(text) {
        assert!(!problems.to_string().is_empty());
    }
});
