//! A connection that is played.

use std::collections::VecDeque;

use super::*;

/// What `peer::Peer` does, without media: its descriptions carry their own name as ICE user fragment.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) own: Option<String>,
    pub(super) theirs: Option<String>,
    pub(super) candidates: usize,
    pub(super) reports: VecDeque<PeerEvent>,
    pub(super) said_connected: bool,
    pub(super) closing: bool,
}

impl Connection {
    pub(super) fn describe(&mut self, name: &str, kind: DescriptionKind, mids: &str) {
        self.own = Some(name.to_owned());
        self.reports.push_back(described(kind, &sdp(name, mids)));
        for port in 1..=2 {
            self.reports.push_back(PeerEvent::Candidate(candidate(name, 1000 + port)));
        }
    }
}

/// A description's ICE user fragment.
pub(super) fn fragment(sdp: &str) -> String {
    let line = sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    line.expect("every description has one").to_owned()
}
