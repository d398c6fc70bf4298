//! Our own descriptions, as they go out: what webrtcbin leaves out of them or gets wrong.
//!
//! Each function does one thing, and nothing the second time. They take webrtcbin's text, not a peer's.

use super::{Direction, Fingerprint, edit::edit};

/// Says in every section that we have this certificate, in place of what stands there: webrtcbin names the one that it
/// would have made itself. Rejected sections say so too: webrtcbin 1.22 writes the peer's certificate there when it
/// answers, and then refuses its own answer, as it may one in which a section names none.
#[must_use]
pub fn write_fingerprint(sdp: &str, fingerprint: &Fingerprint) -> String {
    edit(sdp, |part| {
        let line = format!("a=fingerprint:{fingerprint}");
        for old in part.iter_mut().filter(|line| line.starts_with("a=fingerprint:")) {
            line.clone_into(old);
        }
        if is_section(part) && !part.contains(&line) {
            part.push(line);
        }
    })
}

/// Puts all that we send into one media stream, and gives each track its section's mid as its id. Firefox groups audio
/// and video only by `a=msid`, which webrtcbin does not write; where it writes the like to `a=ssrc`, that is made equal.
#[must_use]
pub fn write_msids(sdp: &str, stream: &str) -> String {
    edit(sdp, |section| {
        let media = ["m=audio ", "m=video "].iter().any(|kind| section[0].starts_with(kind));
        let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:")).map(str::to_owned);
        let Some(mid) = mid.filter(|_| media && is_wanted(section) && sends(section)) else { return };
        for line in section.iter_mut() {
            if let Some((source, _)) = line.split_once(" msid:").filter(|(source, _)| source.starts_with("a=ssrc:")) {
                *line = format!("{source} msid:{stream} {mid}");
            }
        }
        let line = format!("a=msid:{stream} {mid}");
        match section.iter_mut().find(|line| line.starts_with("a=msid:")) {
            Some(old) => *old = line,
            None => section.push(line),
        }
    })
}

/// Names each section of an offer after `tag`, which no other offer shares. An answer must repeat these names, so one to
/// another offer of ours is told apart; nothing else in an answer says what it answers. Before the offer is set.
#[must_use]
pub fn write_mids(sdp: &str, tag: &str) -> String {
    let named: Vec<(String, String)> = sdp
        .lines()
        .filter_map(|line| line.strip_prefix("a=mid:"))
        .enumerate()
        .map(|(index, old)| (old.to_owned(), format!("{tag}{index}")))
        .collect();
    let renamed = |old: &str| {
        let new = named.iter().find(|(known, _)| known == old);
        new.map_or_else(|| old.to_owned(), |(_, new)| new.clone())
    };
    edit(sdp, |part| {
        for line in part.iter_mut() {
            if let Some(mid) = line.strip_prefix("a=mid:") {
                *line = format!("a=mid:{}", renamed(mid));
            } else if let Some(mids) = line.strip_prefix("a=group:BUNDLE ") {
                let mids: Vec<String> = mids.split(' ').map(renamed).collect();
                *line = format!("a=group:BUNDLE {}", mids.join(" "));
            }
        }
    })
}

fn is_section(part: &[String]) -> bool {
    part[0].starts_with("m=")
}

/// A section whose port is not 0, or only 0 because it goes over another one's transport.
fn is_wanted(part: &[String]) -> bool {
    let port = part[0].split(' ').nth(1);
    is_section(part) && (port != Some("0") || part.iter().any(|line| line == "a=bundle-only"))
}

fn sends(part: &[String]) -> bool {
    part.iter()
        .filter_map(|line| line.strip_prefix("a=").and_then(Direction::from_attribute))
        .next()
        .is_none_or(Direction::sends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::HashAlgorithm;

    const ANSWER: &str = "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v d\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=sendrecv\r\na=ssrc:7 msid:user@host webrtctransceiver0\r\n\
        a=ssrc:7 cname:user@host\r\na=fingerprint:sha-256 00\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=bundle-only\r\na=recvonly\r\na=fingerprint:sha-256 00\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:x\r\na=inactive\r\na=fingerprint:sha-256 11\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";

    fn sections(sdp: &str) -> Vec<&str> {
        sdp.split("m=").skip(1).collect()
    }

    fn assert_idempotent(change: impl Fn(&str) -> String) {
        let once = change(ANSWER);
        assert_ne!(once, ANSWER);
        assert_eq!(change(&once), once);
    }

    #[test]
    fn our_certificate_stands_in_each_section_once() {
        let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, b"ours");
        let line = format!("a=fingerprint:{fingerprint}\r\n");
        assert_idempotent(|sdp| write_fingerprint(sdp, &fingerprint));
        let sdp = write_fingerprint(ANSWER, &fingerprint);
        assert_eq!(sections(&sdp).len(), 4);
        for (index, section) in sections(&sdp).iter().enumerate() {
            assert_eq!(section.matches(&line).count(), 1, "section {index}");
            assert_eq!(section.matches("a=fingerprint").count(), 1, "section {index}");
        }
    }

    #[test]
    fn what_we_send_is_one_stream_with_a_track_for_each_section() {
        assert_idempotent(|sdp| write_msids(sdp, "peergate"));
        let sdp = write_msids(ANSWER, "peergate");
        assert_eq!(sections(&sdp)[0].matches("a=msid:peergate a\r\n").count(), 1);
        assert!(sdp.contains("a=ssrc:7 msid:peergate a\r\n"), "{sdp}");
        assert!(sdp.contains("a=ssrc:7 cname:user@host\r\n"), "{sdp}");
        assert_eq!(sdp.matches("a=msid:").count(), 1, "only what sends has a track");
    }

    #[test]
    fn each_section_is_named_after_the_offer_and_bundled_by_that_name() {
        let sdp = write_mids(ANSWER, "7f3a");
        assert!(sdp.contains("a=group:BUNDLE 7f3a0 7f3a1 7f3a3\r\n"), "{sdp}");
        for (index, section) in sections(&sdp).iter().enumerate() {
            assert_eq!(section.matches(&format!("a=mid:7f3a{index}\r\n")).count(), 1, "section {index}");
        }
        assert_idempotent(|sdp| write_mids(sdp, "7f3a"));
    }

    #[test]
    fn a_text_without_sections_is_left_alone() {
        for sdp in ["", "v=0\r\ns=-\r\n", "garbage\r\n"] {
            assert_eq!(write_msids(sdp, "s"), sdp);
            assert_eq!(write_mids(sdp, "s"), sdp);
            assert_eq!(write_fingerprint(sdp, &Fingerprint::of(HashAlgorithm::Sha256, b"")), sdp);
        }
    }
}
