//! What real browsers and stacks send gets through the guard; the snapshots show what webrtcbin is given of it.

use insta::{assert_debug_snapshot, assert_snapshot};
use peergate::{
    codec::{Codec, MediaKind},
    sdp::{Direction, RemoteAnswer, RemoteOffer},
};

use crate::common::recorded_sdp;

#[test]
fn every_real_offer_passes() {
    let offers = recorded_sdp::all("offer_");
    assert!(offers.len() >= 14, "the recorded offers were found");
    for (name, text) in offers {
        let offer = RemoteOffer::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_snapshot!(name.as_str(), offer.text);
        assert_eq!(RemoteOffer::parse(&offer.text), Ok(offer.clone()), "{name}: what is handed on says the same");
    }
}

#[test]
fn every_real_answer_passes() {
    let answers = recorded_sdp::all("answer_");
    assert!(answers.len() >= 16, "the recorded answers were found");
    for (name, text) in answers {
        let ours = recorded_sdp::offer_of(&name);
        let answer = RemoteAnswer::parse(&text, &ours).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_snapshot!(name.as_str(), answer.text);
        assert_eq!(RemoteAnswer::parse(&answer.text, &ours), Ok(answer.clone()), "{name}: what is handed on says the same");
    }
}

#[test]
fn a_firefox_answer_in_outline() {
    let name = "answer_firefox_receive_to_webrtcbin_h264";
    let answer = RemoteAnswer::parse(&recorded_sdp::one(name), &recorded_sdp::offer_of(name)).unwrap();
    assert_debug_snapshot!("outline_of_a_firefox_answer", answer.outline);
}

#[test]
fn a_section_that_was_rejected_is_known_as_such() {
    let name = "answer_firefox_receive_to_webrtcbin_h264";
    let answer = RemoteAnswer::parse(&recorded_sdp::one(name), &recorded_sdp::offer_of(name)).unwrap();
    let video = answer.outline.section_by_mid("video1").unwrap();
    assert!(video.rejected && video.formats.is_empty());
    assert_eq!(answer.outline.media(MediaKind::Video).count(), 0);
    assert_eq!(answer.outline.media(MediaKind::Audio).count(), 1);
}

#[test]
fn codecs_are_found_among_a_browsers_formats() {
    let offer = RemoteOffer::parse(&recorded_sdp::one("offer_chromium_camera")).unwrap();
    let video = offer.outline.media(MediaKind::Video).next().unwrap();
    let h264: Vec<_> = video.formats_of(Codec::H264).map(|format| format.parameter("packetization-mode")).collect();
    assert_eq!(h264.len(), 6);
    assert!(h264.contains(&Some("1")));
    let vp8 = video.formats_of(Codec::Vp8).next().unwrap();
    assert_eq!(video.retransmission_of(vp8.payload_type).map(|format| format.payload_type), Some(97));
    assert!(vp8.feedback.iter().any(|feedback| feedback == "nack pli"));
    assert!(video.formats.iter().any(|format| format.encoding_name == "ULPFEC" && format.codec().is_none()));
    assert!(offer.outline.application().is_some());
}

#[test]
fn audio_and_video_of_a_browser_name_one_stream() {
    for name in ["offer_chromium_camera", "offer_firefox_camera", "offer_webrtcbin_all"] {
        let outline = RemoteOffer::parse(&recorded_sdp::one(name)).unwrap().outline;
        let streams: Vec<_> = [MediaKind::Audio, MediaKind::Video]
            .into_iter()
            .map(|kind| outline.media(kind).next().unwrap().msid.clone().unwrap())
            .collect();
        assert_eq!(streams[0].0, streams[1].0, "{name}");
        assert_ne!(streams[0].1, streams[1].1, "{name}");
    }
}

#[test]
fn a_receiving_browser_says_so() {
    let outline = RemoteOffer::parse(&recorded_sdp::one("offer_firefox_receive")).unwrap().outline;
    assert_eq!(outline.media(MediaKind::Video).next().unwrap().direction, Direction::RecvOnly);
}
