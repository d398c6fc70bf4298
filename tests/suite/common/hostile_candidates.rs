//! What candidates a hostile room member may send: each function turns a valid one into one that must be refused.

use super::{hostile::Hostile, listed::listed};

/// Bad as a candidate.
pub(crate) const CANDIDATES: &[Hostile] = listed![
    words_instead_of_a_candidate,
    a_candidate_cut_short,
    two_kibibytes_of_candidate,
    a_second_line,
    component_zero,
    component_999,
    priority_zero,
    port_zero,
    port_70000,
    tcp_without_tcptype,
    the_unspecified_address,
    a_multicast_address,
    a_multicast_address_in_disguise,
    the_broadcast_address,
    an_address_that_is_none,
];

pub(crate) fn words_instead_of_a_candidate(_: &str) -> String {
    "end of the line".to_owned()
}

pub(crate) fn a_candidate_cut_short(candidate: &str) -> String {
    candidate.split(' ').take(6).collect::<Vec<_>>().join(" ")
}

pub(crate) fn two_kibibytes_of_candidate(candidate: &str) -> String {
    candidate.to_owned() + &" x 1".repeat(512)
}

pub(crate) fn a_second_line(candidate: &str) -> String {
    format!("{candidate}\r\na=ice-lite")
}

pub(crate) fn component_zero(candidate: &str) -> String {
    with_word(candidate, 1, "0")
}

pub(crate) fn component_999(candidate: &str) -> String {
    with_word(candidate, 1, "999")
}

pub(crate) fn priority_zero(candidate: &str) -> String {
    with_word(candidate, 3, "0")
}

pub(crate) fn port_zero(candidate: &str) -> String {
    with_word(candidate, 5, "0")
}

pub(crate) fn port_70000(candidate: &str) -> String {
    with_word(candidate, 5, "70000")
}

pub(crate) fn tcp_without_tcptype(candidate: &str) -> String {
    with_word(candidate, 2, "tcp").replace("tcptype", "x-tcptype")
}

pub(crate) fn the_unspecified_address(candidate: &str) -> String {
    with_word(candidate, 4, "0.0.0.0")
}

pub(crate) fn a_multicast_address(candidate: &str) -> String {
    with_word(candidate, 4, "224.0.0.251")
}

pub(crate) fn a_multicast_address_in_disguise(candidate: &str) -> String {
    with_word(candidate, 4, "::ffff:224.0.0.251")
}

pub(crate) fn the_broadcast_address(candidate: &str) -> String {
    with_word(candidate, 4, "255.255.255.255")
}

pub(crate) fn an_address_that_is_none(candidate: &str) -> String {
    with_word(candidate, 4, "300.1.1.1")
}

fn with_word(candidate: &str, at: usize, word: &str) -> String {
    let mut words: Vec<&str> = candidate.split(' ').collect();
    words[at] = word;
    words.join(" ")
}
