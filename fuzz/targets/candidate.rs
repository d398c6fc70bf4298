//! Any text as a candidate: no panic, what is handed on is one candidate, and no error shows an address.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use peergate::{
    sdp::{ParsedCandidate, RemoteCandidate},
    signal::message::Candidate,
};

fn parse(text: &str) -> Option<RemoteCandidate> {
    let candidate = Candidate { candidate: text.to_owned(), sdp_m_line_index: Some(0), ..Candidate::default() };
    match RemoteCandidate::parse(&candidate) {
        Ok(ParsedCandidate::Usable(candidate)) => Some(candidate),
        Ok(_) => None,
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.split([' ', '"']).all(|word| word.parse::<IpAddr>().is_err()), "{shown}");
            None
        }
    }
}

fuzz_target!(|text: &str| {
    if let Some(candidate) = parse(text) {
        assert!(candidate.text.starts_with("candidate:") && !candidate.text.contains(char::is_control));
        assert_eq!(parse(&candidate.text), Some(candidate));
    }
});
