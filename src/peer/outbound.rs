//! What we send the peer: for each track a stream of its own, fed from an encode that all share.

use gst::prelude::*;
use tokio::sync::watch;

use super::{
    OutboundTrack,
    flow::{Flow, Turn},
    formats,
    sender::{Sender, SenderError},
};
use crate::{
    codec::{Codec, MediaKind},
    media::tap::LinkError,
    report::TrackState,
    rtp::{Repair, StreamSettings},
    studio::Lease,
    units::Bitrate,
};

/// A track that can't be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum OutboundError {
    #[error("webrtcbin gave no pad for the {0} section")]
    NoPad(MediaKind),
    #[error(transparent)]
    Take(#[from] crate::studio::TakeError),
    #[error(transparent)]
    Sender(#[from] SenderError),
    #[error(transparent)]
    Tap(#[from] LinkError),
}

/// What the two sides have agreed upon for a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    /// The id of the extension by which the peer tells when packets arrived.
    pub(super) transport_sequence: Option<u8>,
}

/// A section in which we send, or may.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) track: OutboundTrack,
    pub(super) ssrc: u32,
    transceiver: gst_webrtc::WebRTCRTPTransceiver,
    sending: Option<Sending>,
}

/// What is sent once the peer has said which codec it takes.
#[derive(Debug)]
struct Sending {
    codec: Codec,
    settings: StreamSettings,
    // Before `lease`: what is taken is let go of before what gives it.
    flow: Option<Flow>,
    lease: Lease,
}

impl Outbound {
    /// Claims the `index`th section for `track`: a pad first, then its transceiver. The other way round
    /// webrtcbin 1.22 makes a second transceiver. Nothing is pushed into the pad.
    pub(super) fn claim(
        webrtcbin: &gst::Element,
        index: usize,
        track: OutboundTrack,
        stream: &str,
        preferences: impl FnOnce(u32) -> gst::Caps,
    ) -> Result<Self, OutboundError> {
        let kind = track.kind;
        // Not 0: some peers take it for 'none'.
        let ssrc = rand::random::<u32>().max(1);
        let pad = webrtcbin.request_pad_simple(&format!("sink_{index}")).ok_or(OutboundError::NoPad(kind))?;
        if pad.has_property("msid") {
            pad.set_property("msid", stream);
        }
        let transceiver: gst_webrtc::WebRTCRTPTransceiver = pad.property("transceiver");
        transceiver.set_property("direction", gst_webrtc::WebRTCRTPTransceiverDirection::Sendrecv);
        transceiver.set_property("do-nack", resends(kind));
        transceiver.set_property("codec-preferences", preferences(ssrc));
        Ok(Self { track, ssrc, transceiver, sending: None })
    }

    /// Has webrtcbin set up nothing to send with: it would for each pad that is to send, whatever was agreed upon.
    pub(super) fn keep_from_webrtcbin(&self) {
        self.transceiver.set_property("direction", gst_webrtc::WebRTCRTPTransceiverDirection::Inactive);
    }

    /// Takes the encode for what was agreed upon. Nothing flows before [`Self::start`].
    pub(super) async fn prepare(&mut self, agreed: Agreed, repair: Repair) -> Result<(), OutboundError> {
        let Agreed { codec, payload_type, transport_sequence } = agreed;
        let lease = self.track.studio.take(&self.track.source, codec).await?;
        let settings = StreamSettings {
            ssrc: self.ssrc,
            payload_type,
            clock_rate: codec.clock_rate(),
            repair,
            transport_sequence,
        };
        self.sending = Some(Sending { codec, settings, flow: None, lease });
        Ok(())
    }

    /// Lets it flow, beginning with a keyframe. Once connected.
    pub(super) fn start(&mut self, sender: &Sender, label: &str) -> Result<(), OutboundError> {
        if let Some(sending) = &mut self.sending {
            let stream = sender.stream(sending.settings)?;
            sending.flow = Some(Flow::start(&sending.lease, stream, label)?);
        }
        Ok(())
    }

    /// Lets nothing flow any more. Before the pipeline is taken down.
    pub(super) fn stop(&mut self) {
        self.sending = None;
    }

    /// What this track has in full. `None` where nothing is sent.
    pub(super) fn full(&self) -> Option<watch::Receiver<Bitrate>> {
        Some(self.sending.as_ref()?.lease.full())
    }

    /// Says what the peer's link bears of this track.
    pub(super) fn bears(&self, bitrate: Option<Bitrate>) {
        if let Some(sending) = &self.sending {
            sending.lease.bears(bitrate);
        }
    }

    /// Waits until the track is to be sent in another quality.
    pub(super) async fn moved(&mut self) {
        match &mut self.sending {
            Some(sending) => sending.lease.moved().await,
            None => std::future::pending().await,
        }
    }

    /// Goes over to the quality that it is to be sent in, a step at a time; see [`Flow::steer`].
    pub(super) fn steer(&mut self, is_full: bool) -> Result<Turn, OutboundError> {
        match &mut self.sending {
            Some(Sending { flow: Some(flow), lease, .. }) => flow.steer(lease, is_full),
            _ => Ok(Turn::Onward),
        }
    }

    /// Encoded bytes that were sent so far.
    pub(super) fn bytes(&self) -> u64 {
        self.sending.as_ref().and_then(|sending| sending.flow.as_ref()).map_or(0, |flow| flow.counts().bytes)
    }

    pub(super) fn state(&self) -> Option<TrackState> {
        let sending = self.sending.as_ref()?;
        let flow = sending.flow.as_ref();
        let counts = flow.map(Flow::counts).unwrap_or_default();
        Some(TrackState {
            kind: self.track.kind,
            codec: sending.codec,
            rung: sending.lease.rung().filter(|_| self.track.kind == MediaKind::Video),
            bytes: counts.bytes,
            frames: counts.frames,
            dropped: flow.map_or(0, Flow::dropped),
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
