//! Which candidates belong to which description: by the ICE user fragment (RFC 8838, section 3).

use crate::signal::message::Candidate;

/// The ICE user fragments of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fragments(Vec<String>);

impl Fragments {
    /// Those of an SDP text.
    pub(super) fn of(sdp: &str) -> Self {
        let mut fragments: Vec<String> = sdp
            .lines()
            .filter_map(|line| line.strip_prefix("a=ice-ufrag:"))
            .map(|name| name.trim().to_owned())
            .collect();
        fragments.sort_unstable();
        fragments.dedup();
        Self(fragments)
    }

    /// Whether `candidate` may belong to the description. One that names no fragment may.
    pub(super) fn fit(&self, candidate: &Candidate) -> bool {
        named(candidate).is_none_or(|name| self.hold(name))
    }

    /// Whether `candidate` says that it belongs to the description.
    pub(super) fn claim(&self, candidate: &Candidate) -> bool {
        named(candidate).is_some_and(|name| self.hold(name))
    }

    fn hold(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

/// The fragment that a candidate names: in its own field, or in Chromium's extension of the text.
fn named(candidate: &Candidate) -> Option<&str> {
    let field = candidate.username_fragment.as_deref().filter(|name| !name.is_empty());
    field.or_else(|| {
        let mut words = candidate.candidate.split_ascii_whitespace();
        words.find(|word| *word == "ufrag").and_then(|_| words.next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\na=ice-ufrag:one\r\nm=audio\r\na=ice-ufrag:two\r\n";

    fn candidate(text: &str, fragment: Option<&str>) -> Candidate {
        Candidate { candidate: text.to_owned(), username_fragment: fragment.map(str::to_owned), ..Candidate::default() }
    }

    #[test]
    fn a_candidate_of_any_section_fits() {
        let fragments = Fragments::of(SDP);
        assert!(fragments.fit(&candidate("candidate:1 ...", Some("one"))));
        assert!(fragments.fit(&candidate("candidate:1 ...", Some("two"))));
        assert!(!fragments.fit(&candidate("candidate:1 ...", Some("three"))));
    }

    #[test]
    fn the_text_names_it_where_the_field_does_not() {
        let fragments = Fragments::of(SDP);
        assert!(fragments.fit(&candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag one network-cost 10", None)));
        assert!(!fragments.fit(&candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag old", Some(""))));
    }

    #[test]
    fn a_candidate_without_a_fragment_fits_every_description() {
        assert!(Fragments::of(SDP).fit(&candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host", None)));
        assert!(!Fragments::of(SDP).claim(&candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host", None)));
    }
}
