//! Codecs as payload types: what we offer, what of an offer we take, and the caps that say so to
//! webrtcbin.

use crate::{
    codec::{Codec, MediaKind},
    sdp::{Format, Section, SectionKind},
};

/// The header extension with a number that counts the packets of all streams, by which the other side says when each
/// arrived.
const TRANSPORT_SEQUENCE: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// The id under which we offer it.
const TRANSPORT_SEQUENCE_ID: u8 = 3;

/// The payload type under which we offer a codec: from the dynamic range (RFC 3551, section 3). The one after it is that
/// of the codec's retransmissions.
pub(super) const fn offered_payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::H264 => 96,
        Codec::Vp8 => 98,
        Codec::Vp9 => 100,
        Codec::Av1 => 102,
        Codec::Opus => 111,
    }
}

/// The `codec-preferences` with which a section offers `codecs`, the preferred one first. Complete, so
/// that an offer can be made before anything flows. Only the first names the SSRC: webrtcbin writes the
/// `a=ssrc` lines once for each that does. And only of the first does webrtcbin offer to resend what is lost; for the
/// others it is one more format (RFC 4588, section 8.6), which webrtcbin obeys once the answer takes it.
pub(super) fn offer_caps(codecs: &[Codec], ssrc: Option<u32>) -> gst::Caps {
    let mut caps = gst::Caps::new_empty();
    let list = caps.make_mut();
    for (index, &codec) in codecs.iter().enumerate() {
        let mut format = rtp_caps(codec, offered_payload_type(codec));
        match codec {
            // Constrained baseline, level 3.1, either side free to send a higher level (RFC 6184, section 8.1).
            Codec::H264 => {
                format.set("packetization-mode", "1");
                format.set("profile-level-id", "42e01f");
                format.set("level-asymmetry-allowed", "1");
            }
            Codec::Opus => {
                format.set("encoding-params", "2");
                format.set("minptime", "10");
                format.set("useinbandfec", "1");
            }
            // 8 bits, 4:2:0 (RFC 9628, section 6).
            Codec::Vp9 => format.set("profile-id", "0"),
            // Main. The level stays unsaid, 3.1, which is 720p at 30/s (AOM's RTP specification, section 7.2).
            Codec::Av1 => format.set("profile", "0"),
            Codec::Vp8 => {}
        }
        if let (0, Some(ssrc)) = (index, ssrc) {
            format.set("ssrc", ssrc);
        }
        // Of the section, and written once for each format that names it. The bitrate of sound is what it is.
        if index == 0 && codec.kind() == MediaKind::Video {
            set_transport_sequence(&mut format, TRANSPORT_SEQUENCE_ID);
        }
        list.append_structure(format);
        if index > 0 && codec.kind() == MediaKind::Video {
            list.append_structure(retransmission_caps(codec));
        }
    }
    caps
}

/// The `codec-preferences` with which a section of somebody's offer is answered: exactly one format.
/// webrtcbin compares strings exactly, so what is not the offer's own word stays out.
pub(super) fn answer_caps(codec: Codec, section: &Section, format: &Format, ssrc: Option<u32>) -> gst::Caps {
    let mut structure = rtp_caps(codec, format.payload_type);
    match codec {
        Codec::H264 => {
            structure.set("packetization-mode", "1");
            if let Some(profile) = format.parameter("profile-level-id") {
                structure.set("profile-level-id", profile);
            }
        }
        Codec::Opus => structure.set("encoding-params", "2"),
        Codec::Vp8 | Codec::Vp9 | Codec::Av1 => {}
    }
    for feedback in &format.feedback {
        if let Some(field) = feedback_field(feedback) {
            structure.set(field, true);
        }
    }
    if let Some(id) = transport_sequence(section, format) {
        set_transport_sequence(&mut structure, id);
    }
    if let Some(ssrc) = ssrc {
        structure.set("ssrc", ssrc);
    }
    let mut caps = gst::Caps::new_empty();
    caps.make_mut().append_structure(structure);
    caps
}

/// Which of `codecs`, in our order, a section takes, and under which payload type.
pub(super) fn choose<'a>(section: &'a Section, codecs: &[Codec]) -> Option<(Codec, &'a Format)> {
    if section.rejected {
        return None;
    }
    codecs.iter().filter(|codec| section.kind == SectionKind::Media(codec.kind())).find_map(|&codec| {
        let format =
            section.formats.iter().filter(|format| takes(format, codec)).min_by_key(|format| !is_exact(format))?;
        Some((codec, format))
    })
}

/// Which of the codecs that we offered, in the answerer's order, it takes.
pub(super) fn answered(section: &Section) -> Option<(Codec, &Format)> {
    if section.rejected {
        return None;
    }
    section.formats.iter().find_map(|format| {
        let codec = format.codec()?;
        let is_ours = format.payload_type == offered_payload_type(codec) && takes_profile(format, codec);
        is_ours.then_some((codec, format))
    })
}

/// The id of the extension by which a video section's sender is told when its packets arrived, where that is agreed upon
/// for this format.
pub(super) fn transport_sequence(section: &Section, format: &Format) -> Option<u8> {
    let is_wanted = format.codec().is_some_and(|codec| codec.kind() == MediaKind::Video)
        && format.feedback.iter().any(|feedback| feedback == "transport-cc");
    let mut extensions = section.extensions.iter().filter(|_| is_wanted);
    let (id, _) = extensions.find(|(_, uri)| uri == TRANSPORT_SEQUENCE)?;
    // One byte says which and how long (RFC 8285, section 4.2).
    (1..=14).contains(id).then_some(*id)
}

/// What we can make sense of when it is sent to us. No more than that: each parser is a way in.
pub(super) const fn receivable(kind: MediaKind) -> &'static [Codec] {
    match kind {
        MediaKind::Audio => &[Codec::Opus],
        MediaKind::Video => &[Codec::H264, Codec::Vp8],
    }
}

fn rtp_caps(codec: Codec, payload_type: u8) -> gst::Structure {
    gst::Structure::builder("application/x-rtp")
        .field("media", codec.kind().to_string())
        .field("encoding-name", codec.encoding_name())
        .field("payload", i32::from(payload_type))
        .field("clock-rate", codec.clock_rate() as i32)
        .build()
}

fn set_transport_sequence(format: &mut gst::Structure, id: u8) {
    format.set(format!("extmap-{id}"), TRANSPORT_SEQUENCE);
}

fn retransmission_caps(codec: Codec) -> gst::Structure {
    let payload_type = offered_payload_type(codec);
    let mut format = rtp_caps(codec, payload_type + 1);
    // As the offer is to spell it: this name goes there as it is.
    format.set("encoding-name", "rtx");
    format.set("apt", payload_type.to_string());
    // Feedback is on the codec. webrtcbin adds it to each format that does not say otherwise.
    for field in ["rtcp-fb-nack", "rtcp-fb-nack-pli", "rtcp-fb-ccm-fir", "rtcp-fb-transport-cc"] {
        format.set(field, false);
    }
    format
}

fn feedback_field(feedback: &str) -> Option<&'static str> {
    match feedback {
        "nack" => Some("rtcp-fb-nack"),
        "nack pli" => Some("rtcp-fb-nack-pli"),
        "ccm fir" => Some("rtcp-fb-ccm-fir"),
        "transport-cc" => Some("rtcp-fb-transport-cc"),
        _ => None,
    }
}

fn takes(format: &Format, codec: Codec) -> bool {
    if format.codec() != Some(codec) {
        return false;
    }
    match codec {
        // We send constrained baseline in packetization mode 1. Baseline decoders take that, and baseline
        // is meant where nothing is said (RFC 6184, section 8.1).
        Codec::H264 => {
            format.parameter("packetization-mode") == Some("1")
                && format.parameter("profile-level-id").is_none_or(|profile| profile.starts_with("42"))
        }
        Codec::Opus => format.channels == Some(2),
        Codec::Vp8 | Codec::Vp9 | Codec::Av1 => takes_profile(format, codec),
    }
}

/// Whether a format is of the profile that we send in VP9 and AV1, the one that is meant where nothing is said. The
/// higher ones are formats of their own, with another colour resolution or depth.
fn takes_profile(format: &Format, codec: Codec) -> bool {
    let profile = match codec {
        Codec::Vp9 => format.parameter("profile-id"),
        Codec::Av1 => format.parameter("profile"),
        Codec::H264 | Codec::Vp8 | Codec::Opus => None,
    };
    profile.is_none_or(|profile| profile == "0")
}

/// Whether a format is constrained baseline by its own word: the one to take where there are several.
fn is_exact(format: &Format) -> bool {
    format.parameter("profile-level-id").is_some_and(|profile| profile.to_ascii_lowercase().starts_with("42e0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Direction;

    fn format(payload_type: u8, name: &str, parameters: &str) -> Format {
        Format {
            payload_type,
            encoding_name: name.to_owned(),
            clock_rate: 90_000,
            channels: None,
            parameters: parameters.to_owned(),
            feedback: vec!["nack".to_owned(), "goog-remb".to_owned()],
        }
    }

    fn numbered((codec, format): (Codec, &Format)) -> (Codec, u8) {
        (codec, format.payload_type)
    }

    fn video(formats: Vec<Format>) -> Section {
        Section {
            kind: SectionKind::Media(MediaKind::Video),
            mid: "0".to_owned(),
            rejected: false,
            direction: Direction::SendRecv,
            formats,
            extensions: Vec::new(),
            msid: None,
        }
    }

    #[test]
    fn our_order_decides_what_is_taken_of_an_offer() {
        let section = video(vec![
            format(96, "VP8", ""),
            format(102, "H264", "profile-level-id=42001f;packetization-mode=1;level-asymmetry-allowed=1"),
        ]);
        let (codec, taken) = choose(&section, &[Codec::H264, Codec::Vp8]).unwrap();
        assert_eq!((codec, taken.payload_type), (Codec::H264, 102));
        let (codec, taken) = choose(&section, &[Codec::Vp8]).unwrap();
        assert_eq!((codec, taken.payload_type), (Codec::Vp8, 96));
    }

    #[test]
    fn h264_is_taken_in_packetization_mode_1_and_baseline_only() {
        for unfit in ["profile-level-id=42e01f", "profile-level-id=640032;packetization-mode=1", "packetization-mode=0"]
        {
            assert_eq!(choose(&video(vec![format(102, "H264", unfit)]), &[Codec::H264]), None, "{unfit}");
        }
    }

    #[test]
    fn constrained_baseline_is_taken_before_baseline() {
        let section = video(vec![
            format(102, "H264", "profile-level-id=42001f;packetization-mode=1"),
            format(108, "H264", "profile-level-id=42e01f;packetization-mode=1"),
        ]);
        assert_eq!(choose(&section, &[Codec::H264]).map(|(_, format)| format.payload_type), Some(108));
    }

    #[test]
    fn vp9_and_av1_are_taken_in_their_first_profile_only() {
        for (codec, name, other, first) in [
            (Codec::Vp9, "VP9", "profile-id=2", "profile-id=0"),
            (Codec::Av1, "AV1", "level-idx=5;profile=1;tier=0", "level-idx=5;profile=0;tier=0"),
        ] {
            let section = video(vec![format(45, name, other), format(46, name, first), format(47, name, "")]);
            assert_eq!(choose(&section, &[codec]).map(|(_, format)| format.payload_type), Some(46), "{codec}");
            assert_eq!(choose(&video(vec![format(45, name, other)]), &[codec]), None, "{codec}");
            assert_eq!(choose(&video(vec![format(47, name, "")]), &[codec]).map(|(codec, _)| codec), Some(codec));
            let ours = offered_payload_type(codec);
            let section = video(vec![format(ours, name, first)]);
            assert_eq!(answered(&section).map(numbered), Some((codec, ours)));
            assert_eq!(answered(&video(vec![format(ours, name, other)])), None, "{codec}: not what was offered");
        }
    }

    #[test]
    fn arrivals_are_told_where_the_section_and_the_format_say_so() {
        let mut told = format(96, "VP8", "");
        let mut section = video(vec![told.clone()]);
        section.extensions =
            vec![(4, "urn:ietf:params:rtp-hdrext:sdes:mid".to_owned()), (5, TRANSPORT_SEQUENCE.to_owned())];
        assert_eq!(transport_sequence(&section, &told), None);
        told.feedback.push("transport-cc".to_owned());
        assert_eq!(transport_sequence(&section, &told), Some(5));
        section.extensions[1].0 = 15;
        assert_eq!(transport_sequence(&section, &told), None, "it needs a longer header");
    }

    #[test]
    fn the_extension_is_offered_once_for_pictures_and_answered_under_the_offers_id() {
        gst::init().unwrap();
        let named =
            |caps: &gst::Caps, id: u8| caps.iter().filter(|format| format.has_field(format!("extmap-{id}"))).count();
        assert_eq!(named(&offer_caps(&[Codec::H264, Codec::Vp8], None), TRANSPORT_SEQUENCE_ID), 1);
        assert_eq!(named(&offer_caps(&[Codec::Opus], None), TRANSPORT_SEQUENCE_ID), 0);
        let mut told = format(96, "VP8", "");
        told.feedback.push("transport-cc".to_owned());
        let mut section = video(vec![told.clone()]);
        section.extensions = vec![(5, TRANSPORT_SEQUENCE.to_owned())];
        assert_eq!(named(&answer_caps(Codec::Vp8, &section, &told, None), 5), 1);
    }

    #[test]
    fn retransmission_and_redundancy_are_no_codecs() {
        let section = video(vec![format(97, "RTX", "apt=96"), format(98, "RED", ""), format(99, "ULPFEC", "")]);
        assert_eq!(choose(&section, &Codec::ALL), None);
    }

    #[test]
    fn a_rejected_section_takes_nothing() {
        let section = Section { rejected: true, ..video(vec![format(98, "VP8", "")]) };
        assert_eq!(choose(&section, &[Codec::Vp8]), None);
        assert_eq!(answered(&section), None);
    }

    #[test]
    fn the_answerers_order_decides_what_is_sent() {
        let h264 = format(96, "H264", "packetization-mode=1;profile-level-id=42e01f");
        let vp8 = format(98, "VP8", "");
        let section = video(vec![vp8.clone(), h264.clone()]);
        assert_eq!(answered(&section).map(numbered), Some((Codec::Vp8, 98)));
        let section = video(vec![h264, vp8]);
        assert_eq!(answered(&section).map(numbered), Some((Codec::H264, 96)));
    }

    #[test]
    fn offers_name_the_ssrc_once() {
        gst::init().unwrap();
        let caps = offer_caps(&[Codec::H264, Codec::Vp8], Some(7));
        assert_eq!(caps.structure(0).and_then(|s| s.get::<u32>("ssrc").ok()), Some(7));
        assert!(caps.structure(1).is_some_and(|s| !s.has_field("ssrc")));
    }

    #[test]
    fn every_video_codec_after_the_first_comes_with_its_retransmissions() {
        gst::init().unwrap();
        let caps = offer_caps(&[Codec::Vp8, Codec::H264, Codec::Vp9], None);
        let formats = caps.iter().map(|format| {
            let word = |name| format.get::<&str>(name).unwrap_or_default();
            (format.get::<i32>("payload").unwrap(), word("encoding-name"), word("apt"))
        });
        let expected = [(98, "VP8", ""), (96, "H264", ""), (97, "rtx", "96"), (100, "VP9", ""), (101, "rtx", "100")];
        assert_eq!(formats.collect::<Vec<_>>(), expected);
        assert_eq!(offer_caps(&[Codec::Opus, Codec::Opus], None).size(), 2, "sound is not sent again");
    }
}
