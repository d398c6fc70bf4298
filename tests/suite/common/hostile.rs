//! What descriptions a hostile room member may send: each function turns a valid one into one that must be refused.
//!
//! Those they take have at least two `m=` sections that are wanted, media first, bundled.

use super::listed::listed;

/// A name, and how a valid text becomes a hostile one.
pub(crate) type Hostile = (&'static str, fn(&str) -> String);

/// Bad as an offer and as an answer.
pub(crate) const DESCRIPTIONS: &[Hostile] = listed![
    no_text,
    no_sdp,
    no_sections,
    two_hundred_sections,
    seventy_kibibytes,
    an_endless_line,
    a_nul_byte,
    an_unknown_kind,
    plain_rtp,
    no_mid,
    a_long_mid,
    the_same_mid_twice,
    no_fingerprint,
    a_sha1_fingerprint,
    a_short_fingerprint,
    fingerprints_that_differ,
    no_setup,
    an_unknown_setup,
    no_ufrag,
    a_short_ufrag,
    a_ufrag_with_a_space,
    ufrags_that_differ,
    a_short_password,
    two_directions,
    payload_type_200,
    a_payload_type_in_words,
    a_codec_under_two_names,
    caps_through_fmtp,
    a_flood_of_ssrcs,
    no_bundle,
    a_section_outside_of_the_bundle,
    a_bundle_of_strangers,
    another_section_leads_the_bundle,
    all_rejected,
];

/// Bad as an offer.
pub(crate) const OFFERS: &[Hostile] = listed![the_channel_before_the_media, a_rejected_section];

/// Bad as an answer.
pub(crate) const ANSWERS: &[Hostile] = listed![
    the_channel_becomes_audio,
    audio_becomes_video,
    mids_change_places,
    sections_change_places,
    one_section_more,
    one_section_less,
    actpass,
    a_payload_type_that_was_not_offered,
    a_payload_type_that_means_another_codec,
];

/// Passes the guard, and must end the connection once DTLS shows another certificate.
pub(crate) fn the_fingerprint_of_another_certificate(sdp: &str) -> String {
    let other = ["5A"; 32].join(":");
    each_line(sdp, |line| match line.starts_with("a=fingerprint:") {
        true => Some(format!("a=fingerprint:sha-256 {other}")),
        false => Some(line.to_owned()),
    })
}

pub(crate) fn no_text(_: &str) -> String {
    String::new()
}

pub(crate) fn no_sdp(_: &str) -> String {
    "<html><body>502 Bad Gateway</body></html>".to_owned()
}

pub(crate) fn no_sections(sdp: &str) -> String {
    parts(sdp).swap_remove(0)
}

pub(crate) fn two_hundred_sections(sdp: &str) -> String {
    let more = (0..200).map(|index| format!("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:more{index}\r\n"));
    sdp.to_owned() + &more.collect::<String>()
}

pub(crate) fn seventy_kibibytes(sdp: &str) -> String {
    sdp.to_owned() + &"a=x-filler:0123456789\r\n".repeat(3500)
}

pub(crate) fn an_endless_line(sdp: &str) -> String {
    format!("{sdp}a=x-filler:{}\r\n", "0".repeat(5000))
}

pub(crate) fn a_nul_byte(sdp: &str) -> String {
    sdp.replacen("a=mid:", "a=mid:\0", 1)
}

pub(crate) fn an_unknown_kind(sdp: &str) -> String {
    sdp.replacen("m=audio", "m=image", 1)
}

pub(crate) fn plain_rtp(sdp: &str) -> String {
    sdp.replacen("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1)
}

pub(crate) fn no_mid(sdp: &str) -> String {
    without(sdp, "a=mid:")
}

pub(crate) fn a_long_mid(sdp: &str) -> String {
    sdp.replacen("a=mid:", "a=mid:01234567890123456", 1)
}

pub(crate) fn the_same_mid_twice(sdp: &str) -> String {
    let first = value(sdp, "a=mid:");
    each_line(sdp, |line| Some(if line.starts_with("a=mid:") { format!("a=mid:{first}") } else { line.to_owned() }))
}

pub(crate) fn no_fingerprint(sdp: &str) -> String {
    without(sdp, "a=fingerprint:")
}

pub(crate) fn a_sha1_fingerprint(sdp: &str) -> String {
    let sha1 = ["5A"; 20].join(":");
    each_line(sdp, |line| match line.starts_with("a=fingerprint:") {
        true => Some(format!("a=fingerprint:sha-1 {sha1}")),
        false => Some(line.to_owned()),
    })
}

pub(crate) fn a_short_fingerprint(sdp: &str) -> String {
    each_line(sdp, |line| match line.starts_with("a=fingerprint:") {
        true => Some("a=fingerprint:sha-256 5A:5A".to_owned()),
        false => Some(line.to_owned()),
    })
}

pub(crate) fn fingerprints_that_differ(sdp: &str) -> String {
    let other = format!("a=fingerprint:sha-256 {}\r\n", ["5A"; 32].join(":"));
    last_part(sdp, |part| without(part, "a=fingerprint:") + &other)
}

pub(crate) fn no_setup(sdp: &str) -> String {
    without(sdp, "a=setup:")
}

pub(crate) fn an_unknown_setup(sdp: &str) -> String {
    last_part(sdp, |part| with_line(part, "a=setup:", "a=setup:holdconn"))
}

pub(crate) fn no_ufrag(sdp: &str) -> String {
    without(sdp, "a=ice-ufrag:")
}

pub(crate) fn a_short_ufrag(sdp: &str) -> String {
    last_part(sdp, |part| with_line(part, "a=ice-ufrag:", "a=ice-ufrag:abc"))
}

pub(crate) fn a_ufrag_with_a_space(sdp: &str) -> String {
    last_part(sdp, |part| with_line(part, "a=ice-ufrag:", "a=ice-ufrag:abcd efgh"))
}

pub(crate) fn ufrags_that_differ(sdp: &str) -> String {
    last_part(sdp, |part| with_line(part, "a=ice-ufrag:", "a=ice-ufrag:another"))
}

pub(crate) fn a_short_password(sdp: &str) -> String {
    last_part(sdp, |part| with_line(part, "a=ice-pwd:", "a=ice-pwd:abcdefghijklmnopqrstu"))
}

pub(crate) fn two_directions(sdp: &str) -> String {
    sdp.replacen("a=mid:", "a=sendonly\r\na=recvonly\r\na=mid:", 1)
}

pub(crate) fn payload_type_200(sdp: &str) -> String {
    sdp.replacen("UDP/TLS/RTP/SAVPF ", "UDP/TLS/RTP/SAVPF 200 ", 1)
}

pub(crate) fn a_payload_type_in_words(sdp: &str) -> String {
    sdp.replacen("UDP/TLS/RTP/SAVPF ", "UDP/TLS/RTP/SAVPF opus ", 1)
}

pub(crate) fn a_codec_under_two_names(sdp: &str) -> String {
    let (payload_type, _) = value(sdp, "a=rtpmap:").split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    sdp.replacen("a=rtpmap:", &format!("a=rtpmap:{payload_type} PCMU/8000\r\na=rtpmap:"), 1)
}

pub(crate) fn caps_through_fmtp(sdp: &str) -> String {
    let rtpmap = value(sdp, "a=rtpmap:");
    let payload_type = rtpmap.split(' ').next().unwrap();
    let stripped = without(sdp, &format!("a=fmtp:{payload_type} "));
    stripped.replacen("a=rtpmap:", &format!("a=fmtp:{payload_type} SSRC=1;extmap-1=x\r\na=rtpmap:"), 1)
}

pub(crate) fn a_flood_of_ssrcs(sdp: &str) -> String {
    let flood: String = (1..400).map(|id| format!("a=ssrc:{id} cname:flood\r\n")).collect();
    sdp.replacen("a=rtpmap:", &format!("{flood}a=rtpmap:"), 1)
}

pub(crate) fn no_bundle(sdp: &str) -> String {
    without(sdp, "a=group:")
}

pub(crate) fn a_section_outside_of_the_bundle(sdp: &str) -> String {
    let group = value(sdp, "a=group:");
    let (shorter, _) = group.rsplit_once(' ').unwrap();
    with_line(sdp, "a=group:", &format!("a=group:{shorter}"))
}

pub(crate) fn a_bundle_of_strangers(sdp: &str) -> String {
    with_line(sdp, "a=group:", &format!("a=group:{} stranger", value(sdp, "a=group:")))
}

pub(crate) fn another_section_leads_the_bundle(sdp: &str) -> String {
    let group = value(sdp, "a=group:");
    let mut mids: Vec<&str> = group.split(' ').skip(1).collect();
    mids.rotate_left(1);
    with_line(sdp, "a=group:", &format!("a=group:BUNDLE {}", mids.join(" ")))
}

pub(crate) fn all_rejected(sdp: &str) -> String {
    let rejected = each_line(sdp, |line| match line.strip_prefix("m=") {
        Some(media) => {
            let words: Vec<&str> = media.split(' ').collect();
            Some(format!("m={} 0 {}", words[0], words[2..].join(" ")))
        }
        None => Some(line.to_owned()),
    });
    without(&without(&rejected, "a=bundle-only"), "a=group:")
}

pub(crate) fn the_channel_before_the_media(sdp: &str) -> String {
    let mut parts = parts(sdp);
    let channel = parts.iter().position(|part| part.starts_with("m=application")).unwrap();
    parts[1..=channel].rotate_right(1);
    let mids: Vec<String> = parts[1..].iter().map(|part| value(part, "a=mid:")).collect();
    with_line(&parts.concat(), "a=group:", &format!("a=group:BUNDLE {}", mids.join(" ")))
}

pub(crate) fn a_rejected_section(sdp: &str) -> String {
    let mut parts = parts(sdp);
    let mid = value(&parts.pop().unwrap(), "a=mid:");
    let group = value(sdp, "a=group:").replace(&format!(" {mid}"), "");
    let last = format!("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:{mid}\r\n");
    with_line(&parts.concat(), "a=group:", &format!("a=group:{group}")) + &last
}

pub(crate) fn the_channel_becomes_audio(sdp: &str) -> String {
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=sendrecv\r\n";
    let lines = sdp.replacen("a=sctp-port", "a=x-sctp-port", 1);
    each_part(&lines, |part| match part.starts_with("m=application") {
        true => audio.to_owned() + &without(&without(part, "m="), "a=sendrecv"),
        false => part.to_owned(),
    })
}

pub(crate) fn audio_becomes_video(sdp: &str) -> String {
    sdp.replacen("m=audio", "m=video", 1)
}

pub(crate) fn mids_change_places(sdp: &str) -> String {
    let mut parts = parts(sdp);
    let (first, second) = (value(&parts[1], "a=mid:"), value(&parts[2], "a=mid:"));
    parts[1] = with_line(&parts[1], "a=mid:", &format!("a=mid:{second}"));
    parts[2] = with_line(&parts[2], "a=mid:", &format!("a=mid:{first}"));
    another_section_second(&parts.concat())
}

pub(crate) fn sections_change_places(sdp: &str) -> String {
    let mut parts = parts(sdp);
    parts.swap(1, 2);
    another_section_second(&parts.concat())
}

pub(crate) fn one_section_more(sdp: &str) -> String {
    let last = parts(sdp).pop().unwrap();
    let more = with_line(sdp, "a=group:", &format!("a=group:{} more", value(sdp, "a=group:")));
    more + &with_line(&last, "a=mid:", "a=mid:more")
}

pub(crate) fn one_section_less(sdp: &str) -> String {
    let mut parts = parts(sdp);
    let mid = value(&parts.pop().unwrap(), "a=mid:");
    let group = value(sdp, "a=group:").replace(&format!(" {mid}"), "");
    with_line(&parts.concat(), "a=group:", &format!("a=group:{group}"))
}

pub(crate) fn actpass(sdp: &str) -> String {
    each_line(sdp, |line| Some(if line.starts_with("a=setup:") { "a=setup:actpass" } else { line }.to_owned()))
}

pub(crate) fn a_payload_type_that_was_not_offered(sdp: &str) -> String {
    let with_type = sdp.replacen("UDP/TLS/RTP/SAVPF ", "UDP/TLS/RTP/SAVPF 77 ", 1);
    with_type.replacen("a=rtpmap:", "a=rtpmap:77 opus/48000/2\r\na=rtpmap:", 1)
}

pub(crate) fn a_payload_type_that_means_another_codec(sdp: &str) -> String {
    let rtpmap = value(sdp, "a=rtpmap:");
    let payload_type = rtpmap.split(' ').next().unwrap();
    with_line(sdp, "a=rtpmap:", &format!("a=rtpmap:{payload_type} L16/44100"))
}

/// The session part, then each `m=` section.
fn parts(sdp: &str) -> Vec<String> {
    let mut starts: Vec<usize> = sdp.match_indices("\r\nm=").map(|(at, _)| at + 2).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([sdp.len()]);
    starts.iter().zip(ends).map(|(start, end)| sdp[*start..end].to_owned()).collect()
}

fn each_part(sdp: &str, change: impl Fn(&str) -> String) -> String {
    parts(sdp).iter().map(|part| change(part)).collect()
}

fn last_part(sdp: &str, change: impl Fn(&str) -> String) -> String {
    let mut parts = parts(sdp);
    let last = parts.pop().unwrap();
    parts.concat() + &change(&last)
}

fn each_line(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    text.lines().filter_map(change).map(|line| line + "\r\n").collect()
}

fn without(text: &str, prefix: &str) -> String {
    each_line(text, |line| (!line.starts_with(prefix)).then(|| line.to_owned()))
}

/// `text` with the first line that begins with `prefix` replaced.
fn with_line(text: &str, prefix: &str, line: &str) -> String {
    let old = format!("{prefix}{}", value(text, prefix));
    text.replacen(&old, line, 1)
}

/// What follows `prefix` in the first line that begins with it.
fn value(text: &str, prefix: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(prefix));
    line.unwrap_or_else(|| panic!("no line with {prefix} in a valid description")).to_owned()
}

/// The first two mids of the group change places.
fn another_section_second(sdp: &str) -> String {
    let group = value(sdp, "a=group:");
    let mut mids: Vec<&str> = group.split(' ').skip(1).collect();
    mids.swap(0, 1);
    with_line(sdp, "a=group:", &format!("a=group:BUNDLE {}", mids.join(" ")))
}
