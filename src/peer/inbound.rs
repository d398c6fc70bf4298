//! What the peer sends us: the branch behind each of webrtcbin's source pads.
//!
//! The branch is built within `pad-added`, the one exception to the rule that callbacks only report: a
//! pad that stays unlinked answers not-linked, and that ends the whole session.

use gst::prelude::*;

use super::{continuity, timing::Timing};
use crate::{
    bitstream,
    codec::{Codec, MediaKind},
    media::{
        feed::{Contents, Feed},
        keyframe_flag,
    },
    report::TrackState,
};

/// Pads and elements between webrtcbin's pad and a jitter buffer, at most.
const MOST_STEPS: usize = 8;

/// A track that the peer sends, depayloaded, ready to be taken from `feed`.
#[derive(Debug, Clone)]
pub(super) struct InboundTrack {
    pub(super) codec: Codec,
    pub(super) feed: Feed,
}

impl InboundTrack {
    pub(super) const fn kind(&self) -> MediaKind {
        self.codec.kind()
    }

    pub(super) fn state(&self) -> TrackState {
        let counts = self.feed.counts();
        TrackState {
            kind: self.kind(),
            codec: self.codec,
            rung: None,
            bytes: counts.bytes,
            frames: counts.frames,
            dropped: 0,
        }
    }
}

/// Builds what takes the pad's packets. What can't be made sense of is thrown away, quietly: pads also
/// come for retransmissions and for SSRCs that no description named.
pub(super) fn branch(webrtcbin: &gst::Element, pad: &gst::Pad, timing: &Timing) -> Option<InboundTrack> {
    let bin = webrtcbin.parent()?.downcast::<gst::Bin>().ok()?;
    let codec = codec_of(pad);
    if !may_be_asked_again(pad)
        && let Some(buffer) = jitter_buffer(pad)
    {
        buffer.set_property("do-retransmission", false);
    }
    let built = codec.and_then(|codec| depayload(&bin, pad, codec, timing));
    if built.is_none() {
        discard(&bin, pad);
    }
    built
}

/// Whether the descriptions allow to ask for lost packets (RFC 4585, section 4.2). webrtcbin has each jitter buffer ask where
/// one section of a bundle does. Who does not answer is asked ten times for each packet, and what others are asked in the same
/// reports is lost on some.
fn may_be_asked_again(pad: &gst::Pad) -> bool {
    caps_of(pad).structure(0).is_some_and(|structure| structure.has_field("rtcp-fb-nack"))
}

/// The jitter buffer behind one of webrtcbin's pads, which stands for one of rtpbin: behind a decoder of FEC, and what parts
/// payload types.
fn jitter_buffer(pad: &gst::Pad) -> Option<gst::Element> {
    let mut pad = pad.clone();
    for _ in 0..MOST_STEPS {
        if let Some(ghost) = pad.downcast_ref::<gst::GhostPad>() {
            pad = ghost.target()?;
            continue;
        }
        let element = pad.parent_element()?;
        if element.factory().is_some_and(|factory| factory.name() == "rtpjitterbuffer") {
            return Some(element);
        }
        pad = element.static_pad("sink")?.peer()?;
    }
    None
}

fn caps_of(pad: &gst::Pad) -> gst::Caps {
    pad.current_caps().unwrap_or_else(|| pad.query_caps(None))
}

fn codec_of(pad: &gst::Pad) -> Option<Codec> {
    let caps = caps_of(pad);
    let structure = caps.structure(0)?;
    let codec = Codec::from_encoding_name(structure.get::<&str>("encoding-name").ok()?)?;
    // An SSRC that no description named is taken for the bundle's first section, whatever it is.
    (structure.get::<&str>("media").ok()? == codec.kind().to_string()).then_some(codec)
}

fn depayload(bin: &gst::Bin, pad: &gst::Pad, codec: Codec, timing: &Timing) -> Option<InboundTrack> {
    let description = match codec {
        Codec::H264 => include_str!("../../pipelines/receive/h264.launch"),
        Codec::Vp8 => include_str!("../../pipelines/receive/vp8.launch"),
        Codec::Opus => include_str!("../../pipelines/receive/opus.launch"),
        Codec::Vp9 => include_str!("../../pipelines/receive/vp9.launch"),
        Codec::Av1 => include_str!("../../pipelines/receive/av1.launch"),
    };
    let branch = gst::parse::bin_from_description(description, true).ok()?;
    let sink = branch.by_name("sink")?.downcast::<gst_app::AppSink>().ok()?;
    let (packets, frames) = (branch.static_pad("sink")?, sink.static_pad("sink")?);
    // In this order: pictures are told apart by their times, and what follows a loss is let through by what it is.
    timing.stamp(&packets, codec.clock_rate());
    if matches!(codec, Codec::Av1 | Codec::H264) {
        // AV1's depayloader says of no frame that it needs earlier ones (gst-plugin-rtp 0.15); that of H.264 (1.22) takes
        // each for a keyframe that has parameter sets with it.
        keyframe_flag::set_flags(&frames, move |frame| Some(bitstream::look(codec, frame).keyframe));
    }
    continuity::keep(&packets, &frames, codec);
    let feed = Feed::new(format!("received {codec}"), Contents::Received);
    feed.ingress(&sink);
    attach(bin, pad, branch.upcast_ref())?;
    Some(InboundTrack { codec, feed })
}

fn discard(bin: &gst::Bin, pad: &gst::Pad) {
    let fakesink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build();
    if let Ok(fakesink) = fakesink {
        let _ = attach(bin, pad, &fakesink);
    }
}

fn attach(bin: &gst::Bin, pad: &gst::Pad, element: &gst::Element) -> Option<()> {
    bin.add(element).ok()?;
    let linked = element.sync_state_with_parent().is_ok()
        && element.static_pad("sink").is_some_and(|sink| pad.link(&sink).is_ok());
    if linked {
        return Some(());
    }
    let _ = bin.remove(element);
    None
}
