//! Any text as the answer to an offer of ours: no panic, and what is handed on still fits the offer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peergate::sdp::RemoteAnswer;

const OFFER: &str = include_str!("../../tests/data/sdp/offer_webrtcbin_all.sdp");

fuzz_target!(|text: &str| {
    if let Ok(answer) = RemoteAnswer::parse(text, OFFER) {
        assert!(answer.text.is_ascii());
        assert_eq!(RemoteAnswer::parse(&answer.text, OFFER), Ok(answer));
    }
});
