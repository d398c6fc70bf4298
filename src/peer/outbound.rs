//! What we send the peer: for each track a payloader of its own, fed from an encode that all share.

use gst::prelude::*;

use super::{OutboundTrack, formats};
use crate::{
    codec::{Codec, MediaKind},
    media::tap::Tap,
    report::TrackState,
    studio::Lease,
};

/// A track that can't be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum OutboundError {
    #[error("webrtcbin gave no pad for the {0} section")]
    NoPad(MediaKind),
    #[error("the payloader for {codec} could not be made: {source}; apt install gstreamer1.0-plugins-good")]
    Payloader { codec: Codec, source: glib::BoolError },
    #[error("the payloader's template for {codec} is wrong: {source}")]
    Template { codec: Codec, source: glib::Error },
    #[error("{source}")]
    Take {
        #[from]
        source: crate::studio::TakeError,
    },
    #[error("the tap of {0} could not be linked: {1}")]
    Tap(Codec, String),
}

/// A section in which we send, or may.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) track: OutboundTrack,
    ssrc: u32,
    pad: gst::Pad,
    sending: Option<Sending>,
}

/// What flows once the peer has said which codec it takes.
#[derive(Debug)]
struct Sending {
    codec: Codec,
    payloader: gst::Element,
    // Before `_lease`: what is taken is let go of before what gives it.
    tap: Option<Tap>,
    lease: Lease,
}

impl Outbound {
    /// Claims the `index`th section for `track`: a pad first, then its transceiver. The other way round
    /// webrtcbin 1.22 makes a second transceiver.
    pub(super) fn claim(
        webrtcbin: &gst::Element,
        index: usize,
        track: OutboundTrack,
        stream: &str,
        preferences: impl FnOnce(u32) -> gst::Caps,
    ) -> Result<Self, OutboundError> {
        let kind = track.kind;
        // Not 0: libsrtp and some peers take it for 'none'.
        let ssrc = rand::random::<u32>().max(1);
        let pad = webrtcbin.request_pad_simple(&format!("sink_{index}")).ok_or(OutboundError::NoPad(kind))?;
        if pad.has_property("msid") {
            pad.set_property("msid", stream);
        }
        let transceiver: gst_webrtc::WebRTCRTPTransceiver = pad.property("transceiver");
        transceiver.set_property("direction", gst_webrtc::WebRTCRTPTransceiverDirection::Sendrecv);
        transceiver.set_property("do-nack", resends(kind));
        transceiver.set_property("codec-preferences", preferences(ssrc));
        Ok(Self { track, ssrc, pad, sending: None })
    }

    /// Puts the payloader for the negotiated codec in place and takes the encode. The pads are linked;
    /// nothing flows before [`Self::start`].
    pub(super) async fn prepare(
        &mut self,
        pipeline: &gst::Pipeline,
        codec: Codec,
        payload_type: u8,
    ) -> Result<(), OutboundError> {
        // webrtcbin filters the pad's caps by them, and the payloader's profile-level-id is the encoder's own.
        let transceiver: gst_webrtc::WebRTCRTPTransceiver = self.pad.property("transceiver");
        transceiver.set_property("codec-preferences", None::<gst::Caps>);

        let payloader = payloader(codec)?;
        payloader.set_property("pt", u32::from(payload_type));
        // As text: rtpav1pay counts in another type than the others.
        payloader.set_property_from_str("ssrc", &self.ssrc.to_string());
        let wrong = |source| OutboundError::Payloader { codec, source };
        pipeline.add(&payloader).map_err(wrong)?;
        payloader.sync_state_with_parent().map_err(wrong)?;
        let source = payloader.static_pad("src").ok_or(OutboundError::NoPad(codec.kind()))?;
        source.link(&self.pad).map_err(|error| OutboundError::Tap(codec, error.to_string()))?;
        let lease = self.track.studio.take(&self.track.source, codec).await?;
        self.sending = Some(Sending { codec, payloader, tap: None, lease });
        Ok(())
    }

    /// Lets it flow, beginning with a keyframe. Once connected: webrtcbin blocks whoever pushes before,
    /// and that would be the feed's own thread.
    pub(super) fn start(&mut self, label: &str) -> Result<(), OutboundError> {
        let Some(sending) = &mut self.sending else { return Ok(()) };
        let sink = sending.payloader.static_pad("sink").ok_or(OutboundError::NoPad(sending.codec.kind()))?;
        let tap = sending.lease.feed.tap(label);
        tap.link(&sink).map_err(|error| OutboundError::Tap(sending.codec, error.to_string()))?;
        sending.tap = Some(tap);
        Ok(())
    }

    /// Lets nothing flow any more. Before the pipeline is taken down.
    pub(super) fn stop(&mut self) {
        self.sending = None;
    }

    pub(super) fn state(&self) -> Option<TrackState> {
        let sending = self.sending.as_ref()?;
        let counts = sending.tap.as_ref().map(Tap::counts).unwrap_or_default();
        Some(TrackState {
            kind: self.track.kind,
            codec: sending.codec,
            bytes: counts.bytes,
            frames: counts.frames,
            dropped: counts.dropped,
        })
    }
}

/// A section in which we only receive.
pub(super) fn receive_only(webrtcbin: &gst::Element, kind: MediaKind, preferences: &gst::Caps) {
    let transceiver = webrtcbin.emit_by_name::<gst_webrtc::WebRTCRTPTransceiver>(
        "add-transceiver",
        &[&gst_webrtc::WebRTCRTPTransceiverDirection::Recvonly, preferences],
    );
    transceiver.set_property("do-nack", resends(kind));
}

/// Whether lost packets are sent again. Sound does without, Opus has its own repair: Chromium takes no audio section
/// with the second SSRC that resending brings.
const fn resends(kind: MediaKind) -> bool {
    matches!(kind, MediaKind::Video)
}

/// The preferences of a section that we offer for `track`.
pub(super) fn offered(track: &OutboundTrack) -> impl FnOnce(u32) -> gst::Caps {
    let codecs = track.codecs.clone();
    move |ssrc| formats::offer_caps(&codecs, Some(ssrc))
}

fn payloader(codec: Codec) -> Result<gst::Element, OutboundError> {
    let description = match codec {
        Codec::H264 => include_str!("../../pipelines/send/h264.launch"),
        Codec::Vp8 => include_str!("../../pipelines/send/vp8.launch"),
        Codec::Opus => include_str!("../../pipelines/send/opus.launch"),
        Codec::Vp9 => include_str!("../../pipelines/send/vp9.launch"),
        Codec::Av1 => include_str!("../../pipelines/send/av1.launch"),
    };
    gst::parse::launch(description).map_err(|source| OutboundError::Template { codec, source })
}
