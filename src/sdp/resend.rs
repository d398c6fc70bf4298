//! How lost packets of a stream are sent again, as descriptions say it (RFC 4588, sections 8.6 and 8.7; RFC 5576).

use super::edit::edit;

/// The payload type under which packets of `payload_type` are sent again in the `index`th section of `sdp`.
#[must_use]
pub fn payload_type(sdp: &str, index: usize, payload_type: u8) -> Option<u8> {
    let of = |line: &str| {
        let (number, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
        let number = number.parse::<u8>().ok()?;
        let names = parameters.split(';').any(|parameter| parameter.trim() == format!("apt={payload_type}"));
        names.then_some(number)
    };
    let number = section(sdp, index).find_map(of)?;
    section(sdp, index).filter_map(resent_as).any(|resent| resent.parse() == Ok(number)).then_some(number)
}

/// The SSRC of the stream in which the `index`th section of `sdp` sends packets of `ssrc` again.
#[must_use]
pub fn ssrc(sdp: &str, index: usize, ssrc: u32) -> Option<u32> {
    section(sdp, index).find_map(|line| {
        let (first, second) = line.strip_prefix("a=ssrc-group:FID ")?.trim().split_once(' ')?;
        (first.parse() == Ok(ssrc)).then(|| second.parse().ok())?
    })
}

/// `sdp` without the formats in which packets are sent again.
#[must_use]
pub fn without(sdp: &str) -> String {
    edit(sdp, |part| {
        let gone: Vec<String> = part.iter().filter_map(|line| resent_as(line)).map(str::to_owned).collect();
        part.retain(|line| !names_format(line, &gone));
        if let Some(media) = part[0].strip_prefix("m=") {
            let words = media.split(' ').enumerate();
            let words = words.filter(|(at, word)| *at < 3 || !gone.iter().any(|gone| gone == word));
            part[0] = format!("m={}", words.map(|(_, word)| word).collect::<Vec<_>>().join(" "));
        }
    })
}

/// The canonical name of the sender of `ssrc` (RFC 3550, section 6.5.1).
#[must_use]
pub fn cname(sdp: &str, ssrc: u32) -> Option<&str> {
    sdp.lines().find_map(|line| line.strip_prefix(&format!("a=ssrc:{ssrc} cname:")))
}

/// The payload type of an `a=rtpmap` for packets that are sent again.
fn resent_as(line: &str) -> Option<&str> {
    let (number, mapping) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
    mapping.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("rtx/")).then_some(number)
}

/// Whether a line says something of one of these payload types.
fn names_format(line: &str, numbers: &[String]) -> bool {
    let said = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|name| line.strip_prefix(name));
    said.and_then(|said| said.split(' ').next()).is_some_and(|number| numbers.iter().any(|gone| gone == number))
}

/// The lines of a description's `index`th section.
fn section(sdp: &str, index: usize) -> impl Iterator<Item = &str> {
    let is_media = |line: &&str| line.starts_with("m=");
    let mut lines = sdp.lines();
    for _ in 0..=index {
        lines.by_ref().find(is_media);
    }
    lines.take_while(move |line| !is_media(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\nm=audio 9 x 111\r\na=rtpmap:111 OPUS/48000/2\r\na=ssrc:5 cname:me@here\r\n\
        m=video 9 x 96 97 98 99\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96;rtx-time=200\r\n\
        a=rtpmap:98 VP8/90000\r\na=fmtp:99 apt=98\r\na=ssrc-group:FID 7 8\r\na=ssrc:7 cname:me@here\r\n";

    #[test]
    fn the_payload_type_is_that_which_names_the_codecs() {
        assert_eq!(payload_type(SDP, 1, 96), Some(97));
        assert_eq!(payload_type(SDP, 1, 98), None, "99 is not said to be rtx");
        assert_eq!(payload_type(SDP, 0, 96), None);
        assert_eq!(payload_type(SDP, 2, 96), None);
    }

    #[test]
    fn the_stream_is_that_which_is_grouped_with_ours() {
        assert_eq!(ssrc(SDP, 1, 7), Some(8));
        assert_eq!(ssrc(SDP, 1, 8), None);
        assert_eq!(ssrc(SDP, 0, 7), None);
    }

    #[test]
    fn what_is_sent_again_can_be_left_out() {
        let left = without(SDP);
        assert!(left.contains("m=video 9 x 96 98 99\r\n"), "{left}");
        assert!(left.contains("m=audio 9 x 111\r\n") && !left.contains(":97 "), "{left}");
        assert_eq!(payload_type(&left, 1, 96), None);
        assert_eq!(without(&left), left);
    }

    #[test]
    fn the_name_is_said_for_each_stream() {
        assert_eq!(cname(SDP, 7), Some("me@here"));
        assert_eq!(cname(SDP, 8), None);
    }
}
