//! Any text as an offer: no panic, and what is handed on says what was understood.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peergate::sdp::RemoteOffer;

fuzz_target!(|text: &str| {
    if let Ok(offer) = RemoteOffer::parse(text) {
        assert!(offer.text.is_ascii());
        assert_eq!(RemoteOffer::parse(&offer.text), Ok(offer));
    }
});
