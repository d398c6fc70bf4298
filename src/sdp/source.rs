//! `a=ssrc` and `a=ssrc-group`: which RTP streams a section announces.

use super::{Place, SdpError, section};

/// The most `a=ssrc` lines of a description. A browser's has eight.
pub(super) const MAX_SSRC_LINES: usize = 64;

/// What a section says of its RTP streams.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sources {
    /// SSRC and `cname:...` or `msid:...`.
    pub(super) attributes: Vec<(u32, SourceAttribute)>,
    /// Pairs of a stream and the one its packets are sent again in (`FID`, RFC 5576).
    pub(super) retransmissions: Vec<(u32, u32)>,
}

/// What is known of one RTP stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceAttribute {
    /// The sender's name in RTCP.
    Cname(String),
    /// The stream's and the track's id.
    Msid(String, String),
}

impl Sources {
    /// Takes the value of an `a=ssrc`. Attributes of other names say nothing that is used here.
    pub(super) fn add(&mut self, place: Place, value: &str) -> Result<(), SdpError> {
        let (id, attribute) = value.split_once(' ').unwrap_or((value, ""));
        let invalid = || SdpError::invalid(place, "ssrc", "a number from 1 to 4294967295 and an attribute", value);
        let id = ssrc(id).ok_or_else(invalid)?;
        let attribute = match attribute.trim().split_once(':') {
            Some(("cname", name)) => SourceAttribute::Cname(section::token(place, "ssrc", name)?.to_owned()),
            Some(("msid", ids)) => {
                let (stream, track) = section::msid(place, "ssrc", ids)?;
                SourceAttribute::Msid(stream, track)
            }
            _ => return Ok(()),
        };
        let line = (id, attribute);
        if !self.attributes.contains(&line) {
            self.attributes.push(line);
        }
        Ok(())
    }

    /// Takes the value of an `a=ssrc-group`. Only retransmission is known here.
    pub(super) fn group(&mut self, place: Place, value: &str) -> Result<(), SdpError> {
        let mut words = value.split_ascii_whitespace();
        if words.next() != Some("FID") {
            return Ok(());
        }
        let invalid = || SdpError::invalid(place, "ssrc-group", "FID and two numbers from 1 to 4294967295", value);
        let ids: Vec<u32> = words.map(|word| ssrc(word).ok_or_else(invalid)).collect::<Result<_, _>>()?;
        let [first, second] = ids[..] else { return Err(invalid()) };
        if first == second || self.retransmissions.iter().any(|pair| [pair.0, pair.1].iter().any(|id| ids.contains(id)))
        {
            return Err(invalid());
        }
        self.retransmissions.push((first, second));
        Ok(())
    }

    /// The ids of the first `msid:`.
    pub(super) fn msid(&self) -> Option<(String, String)> {
        self.attributes.iter().find_map(|(_, attribute)| match attribute {
            SourceAttribute::Msid(stream, track) => Some((stream.clone(), track.clone())),
            SourceAttribute::Cname(_) => None,
        })
    }
}

fn ssrc(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id != 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place::Section(0);

    #[test]
    fn what_is_not_used_here_is_left_out() {
        let mut sources = Sources::default();
        for line in ["7 cname:a", "7 cname:a", "7 msid:stream track", "7 mslabel:x", "7"] {
            sources.add(PLACE, line).unwrap();
        }
        assert_eq!(sources.attributes.len(), 2, "{sources:?}");
        assert_eq!(sources.msid(), Some(("stream".to_owned(), "track".to_owned())));
        sources.group(PLACE, "SIM 1 2 3").unwrap();
        assert_eq!(sources.retransmissions, []);
    }

    #[test]
    fn a_stream_is_sent_again_in_one_other() {
        let mut sources = Sources::default();
        sources.group(PLACE, "FID 1 2").unwrap();
        for wrong in ["FID 3", "FID 3 4 5", "FID 3 3", "FID 2 3", "FID 0 3", "FID -3 4", "FID 3 4294967296"] {
            assert!(sources.group(PLACE, wrong).is_err(), "{wrong}");
        }
        assert_eq!(sources.retransmissions, [(1, 2)]);
    }

    #[test]
    fn an_ssrc_is_a_number_and_a_name_is_visible() {
        for wrong in
            ["0 cname:a", "x cname:a", "+7 cname:a", "4294967296 cname:a", "7 cname:", "7 cname:\u{e9}", "7 msid:"]
        {
            assert!(Sources::default().add(PLACE, wrong).is_err(), "{wrong}");
        }
    }
}
