//! Any bytes as a message of the room: no panic, and what is sent on is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peergate::signal::message::{Envelope, Signal};

fuzz_target!(|wire: &[u8]| {
    if let Ok(envelope) = Envelope::parse(wire) {
        let again = Envelope::parse(envelope.to_text().as_bytes());
        // Of an application's event only the name is kept.
        if !matches!(envelope.body, Signal::Other(_)) {
            assert_eq!(again.ok(), Some(envelope));
        }
    }
});
