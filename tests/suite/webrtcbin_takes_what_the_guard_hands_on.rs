//! What the guard writes is not only safe: a real webrtcbin takes it, and answers it.

use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use peergate::{
    media::{clockwork::Clockwork, pipeline::Pipeline},
    sdp::{Fingerprint, HashAlgorithm, RemoteAnswer, RemoteOffer, local},
};

use crate::common::recorded_sdp;

const OPUS: &str = "application/x-rtp, media=audio, encoding-name=OPUS, payload=111, clock-rate=48000, \
    encoding-params=(string)2, ssrc=(uint)2222";
const H264: &str = "application/x-rtp, media=video, encoding-name=H264, payload=102, clock-rate=90000, ssrc=(uint)1111, \
    packetization-mode=(string)1, profile-level-id=(string)42e01f, level-asymmetry-allowed=(string)1";
const VP8: &str = "application/x-rtp, media=video, encoding-name=VP8, payload=96, clock-rate=90000, ssrc=(uint)1111";

/// A webrtcbin in a pipeline of its own.
struct Peer {
    webrtcbin: gst::Element,
    pipeline: Pipeline,
}

impl Peer {
    async fn start(sends: &[String], channel: bool) -> Self {
        gst::init().unwrap();
        let (pipeline, _) = Pipeline::new("webrtcbin", &Clockwork::start());
        let webrtcbin = gst::ElementFactory::make("webrtcbin").build().unwrap();
        webrtcbin.set_property_from_str("bundle-policy", "max-bundle");
        pipeline.as_gst().add(&webrtcbin).unwrap();
        for (index, caps) in sends.iter().enumerate() {
            let pad = webrtcbin.request_pad_simple(&format!("sink_{index}")).unwrap();
            let transceiver: gst_webrtc::WebRTCRTPTransceiver = pad.property("transceiver");
            transceiver.set_property("codec-preferences", caps.parse::<gst::Caps>().unwrap());
            transceiver.set_property("do-nack", caps.contains("video"));
        }
        pipeline.set_state(gst::State::Ready).await.unwrap();
        if channel {
            let none = None::<gst::Structure>;
            webrtcbin.emit_by_name::<gst_webrtc::WebRTCDataChannel>("create-data-channel", &[&"channel", &none]);
        }
        pipeline.set_state(gst::State::Playing).await.unwrap();
        Self { webrtcbin, pipeline }
    }

    /// `create-offer` or `create-answer`.
    async fn create(&self, what: &str) -> String {
        let (promise, reply) = gst::Promise::new_future();
        self.webrtcbin.emit_by_name::<()>(&format!("create-{what}"), &[&None::<gst::Structure>, &promise]);
        let reply = reply.await.unwrap().unwrap();
        assert!(!reply.has_field("error"), "create-{what}: {reply:?}");
        reply.get::<WebRTCSessionDescription>(what).unwrap().sdp().as_text().unwrap()
    }

    /// `set-local-description` or `set-remote-description`.
    async fn set(&self, side: &str, kind: WebRTCSDPType, text: &str) -> Result<(), String> {
        let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
        let (promise, reply) = gst::Promise::new_future();
        let description = WebRTCSessionDescription::new(kind, sdp);
        self.webrtcbin.emit_by_name::<()>(&format!("set-{side}-description"), &[&description, &promise]);
        match reply.await.unwrap().and_then(|reply| reply.get::<glib::Error>("error").ok()) {
            Some(error) => Err(error.to_string()),
            None => Ok(()),
        }
    }

    async fn stop(self) {
        drop(self.webrtcbin);
        self.pipeline.stop().await.unwrap();
    }
}

/// The sections that the recorded webrtcbin offers have beside the data channel.
fn sections(offer: &str) -> Vec<String> {
    match offer {
        "offer_webrtcbin_all" => vec![OPUS.to_owned(), format!("{H264}; {VP8}")],
        "offer_webrtcbin_h264" => vec![OPUS.to_owned(), H264.to_owned()],
        "offer_webrtcbin_data" => Vec::new(),
        other => panic!("{other} is not webrtcbin's"),
    }
}

#[tokio::test]
async fn every_real_offer_is_taken_and_answered() {
    let ours = Fingerprint::of(HashAlgorithm::Sha256, b"our certificate");
    for (name, text) in recorded_sdp::all("offer_") {
        let offer = RemoteOffer::parse(&text).unwrap();
        let peer = Peer::start(&[], false).await;
        assert_eq!(peer.set("remote", WebRTCSDPType::Offer, &offer.text).await, Ok(()), "{name}");
        let answer = local::write_fingerprint(&peer.create("answer").await, &ours);
        assert_eq!(peer.set("local", WebRTCSDPType::Answer, &answer).await, Ok(()), "{name}: {answer}");
        peer.stop().await;
        let answer = RemoteAnswer::parse(&answer, &text).unwrap_or_else(|error| panic!("{name}: {error}: {answer}"));
        assert_eq!(answer.outline.fingerprint, ours, "{name}");
    }
}

#[tokio::test]
async fn every_real_answer_to_webrtcbin_is_taken() {
    let answers = recorded_sdp::all("answer_").into_iter().filter(|(name, _)| name.contains("_to_webrtcbin_"));
    for (name, text) in answers {
        let (_, offer) = name.split_once("_to_").unwrap();
        let peer = Peer::start(&sections(&format!("offer_{offer}")), true).await;
        let offer = peer.create("offer").await;
        assert_eq!(peer.set("local", WebRTCSDPType::Offer, &offer).await, Ok(()), "{name}");
        let answer = RemoteAnswer::parse(&text, &offer).unwrap_or_else(|error| panic!("{name}: {error}: {offer}"));
        assert_eq!(peer.set("remote", WebRTCSDPType::Answer, &answer.text).await, Ok(()), "{name}");
        peer.stop().await;
    }
}

/// An answer of webrtcbin 1.22 that rejects a section names the peer's certificate there, and is then refused.
#[tokio::test]
async fn an_answer_of_ours_that_rejects_a_section_is_taken_with_our_certificate() {
    let text = recorded_sdp::one("offer_chromium_camera");
    let offer = RemoteOffer::parse(&text).unwrap().text.replace("a=sctp-port:5000\r\n", "");
    let peer = Peer::start(&[], false).await;
    assert_eq!(peer.set("remote", WebRTCSDPType::Offer, &offer).await, Ok(()));
    let answer = peer.create("answer").await;
    assert!(answer.contains("m=application 0 "), "the section without a port was rejected: {answer}");
    let ours = local::write_fingerprint(&answer, &Fingerprint::of(HashAlgorithm::Sha256, b"our certificate"));
    assert_eq!(peer.set("local", WebRTCSDPType::Answer, &ours).await, Ok(()));
    peer.stop().await;
}
