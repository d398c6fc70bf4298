//! Each hostile candidate stops at the guard; those that are merely of no use here are told apart from them.

use peergate::{
    sdp::{CandidateError, IgnoredCandidate, ParsedCandidate, RemoteCandidate},
    signal::message::Candidate,
};

use crate::common::hostile_candidates;

const VALID: &str = "candidate:3060645544 1 udp 2122260223 192.0.2.7 50694 typ host generation 0 ufrag sSYq network-id 1";
const TCP: &str = "candidate:1221028412 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0 ufrag sSYq";

fn parse(text: &str) -> Result<ParsedCandidate, CandidateError> {
    RemoteCandidate::parse(&Candidate {
        candidate: text.to_owned(),
        sdp_mid: Some("0".to_owned()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
    })
}

fn usable(text: &str) -> String {
    match parse(text).unwrap() {
        ParsedCandidate::Usable(candidate) => candidate.text,
        other => panic!("{text}: {other:?}"),
    }
}

macro_rules! refused {
    ($($name:ident => $error:pat,)*) => {
        $(
            #[test]
            fn $name() {
                let error = parse(&hostile_candidates::$name(VALID)).unwrap_err();
                assert!(matches!(error, $error), "{error}");
                assert!(!error.to_string().contains("192.0.2.7"), "no address in {error}");
            }
        )*

        #[test]
        fn each_has_a_test() {
            let names: Vec<_> = hostile_candidates::CANDIDATES.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

refused! {
    words_instead_of_a_candidate => CandidateError::Prefix(_),
    a_candidate_cut_short => CandidateError::Missing(_),
    two_kibibytes_of_candidate => CandidateError::TooLong(_),
    a_second_line => CandidateError::Control,
    component_zero => CandidateError::Invalid { part: "component", .. },
    component_999 => CandidateError::Invalid { part: "component", .. },
    priority_zero => CandidateError::Invalid { part: "priority", .. },
    port_zero => CandidateError::Invalid { part: "port", .. },
    port_70000 => CandidateError::Invalid { part: "port", .. },
    tcp_without_tcptype => CandidateError::Missing("tcptype"),
    the_unspecified_address => CandidateError::Address(_),
    a_multicast_address => CandidateError::Address(_),
    a_multicast_address_in_disguise => CandidateError::Address(_),
    the_broadcast_address => CandidateError::Address(_),
    an_address_that_is_none => CandidateError::Invalid { part: "address", .. },
}

#[test]
fn a_browsers_candidates_are_written_anew() {
    assert_eq!(usable(VALID), "candidate:3060645544 1 UDP 2122260223 192.0.2.7 50694 typ host");
    assert_eq!(usable(&format!("a={VALID}")), usable(VALID));
    assert_eq!(usable(TCP), "candidate:1221028412 1 TCP 1518280447 192.0.2.7 9 typ host tcptype active");
    let relay = "candidate:5 1 UDP 92216831 2001:DB8::7 61000 typ relay raddr 198.51.100.4 rport 50000";
    assert_eq!(usable(relay), "candidate:5 1 UDP 92216831 2001:db8::7 61000 typ relay");
    assert_eq!(usable(&usable(relay)), usable(relay));
}

#[test]
fn the_end_of_candidates_is_known() {
    for text in ["", " ", "a=end-of-candidates", "end-of-candidates"] {
        assert_eq!(parse(text), Ok(ParsedCandidate::EndOfCandidates), "{text:?}");
    }
}

#[test]
fn what_is_of_no_use_is_ignored_in_words() {
    for (from, to, why) in [
        ("192.0.2.7", "cf9e48fc-165c-4294-a04c-abc582e76045.local", IgnoredCandidate::Mdns),
        ("192.0.2.7", "CF9E48FC.LOCAL.", IgnoredCandidate::Mdns),
        ("192.0.2.7", "peer.example", IgnoredCandidate::Name),
        (" 1 udp", " 2 udp", IgnoredCandidate::OtherComponent),
        ("udp", "ssltcp", IgnoredCandidate::OtherTransport),
        ("typ host", "typ next", IgnoredCandidate::OtherType),
    ] {
        assert_eq!(parse(&VALID.replace(from, to)), Ok(ParsedCandidate::Ignored(why)), "{to}");
        assert!(!why.to_string().is_empty());
    }
}

#[test]
fn only_the_first_section_has_a_transport() {
    let at = |sdp_m_line_index, sdp_mid: Option<&str>| {
        let sdp_mid = sdp_mid.map(str::to_owned);
        RemoteCandidate::parse(&Candidate { candidate: VALID.to_owned(), sdp_mid, sdp_m_line_index, username_fragment: None })
    };
    assert!(matches!(at(Some(0), None), Ok(ParsedCandidate::Usable(_))));
    assert!(matches!(at(None, Some("audio")), Ok(ParsedCandidate::Usable(_))));
    assert_eq!(at(Some(1), Some("1")), Ok(ParsedCandidate::Ignored(IgnoredCandidate::OtherSection)));
    assert_eq!(at(None, None), Err(CandidateError::NoSection));
}

#[test]
fn no_error_shows_an_address_wherever_a_word_is_missing() {
    for text in [VALID, TCP, &VALID.replace("192.0.2.7", "2001:db8::7")] {
        let words: Vec<&str> = text.split(' ').collect();
        for missing in 0..words.len() {
            let rest: Vec<&str> = words.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, word)| *word).collect();
            if let Err(error) = parse(&rest.join(" ")) {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("192.0.2.7") && !shown.contains("2001:db8"), "{shown}");
            }
        }
    }
}
