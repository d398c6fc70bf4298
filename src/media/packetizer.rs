//! An encode cut into RTP payloads, once for all who are sent it: a second feed beside the encoded one.
//!
//! Its frames are what [`rtp::pack`] makes: all payloads of a picture, or one of sound, in one buffer. Their times are running
//! times. What differs from peer to peer, headers and encryption, comes later.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gst::prelude::*;
use tokio::sync::mpsc;

use super::{
    clockwork::Clockwork,
    feed::{Feed, Writer},
    pad,
    pipeline::{BusEvent, Pipeline, StateError},
    tap::{Frame, LinkError, Tap},
};
use crate::{codec::Codec, rtp};

/// How often it is looked whether it still takes frames.
const LOOK: Duration = Duration::from_millis(250);

/// A payloader at work. Dropping it ends it; the feeds stay.
#[derive(Debug)]
pub struct Packetizer {
    // First: nothing may be pushed into what goes down.
    tap: Tap,
    _pads: Pads,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
}

/// The pads around a payloader. Dropping them ends what goes through.
#[derive(Debug)]
struct Pads {
    /// Where the tap pushes frames.
    entry: gst::Pad,
    /// Where they go into the payloader.
    feeder: gst::Pad,
    /// Where packets come out.
    collector: gst::Pad,
}

/// Why an encode can't be cut into packets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacketizeError {
    /// The payloader can't be made.
    #[error("the payloader for {codec} can't be made: {why}; apt install gstreamer1.0-plugins-good")]
    Payloader {
        /// What is to be cut.
        codec: Codec,
        /// What GStreamer says.
        why: String,
    },
    /// It gave up.
    #[error("the payloader failed: {why}")]
    Failed {
        /// What GStreamer says.
        why: String,
    },
    /// It can't be started.
    #[error("{0}")]
    State(#[from] StateError),
    /// It does not take what is encoded.
    #[error("{0}")]
    Link(#[from] LinkError),
}

/// What the pads share.
struct Bench {
    feeder: gst::Pad,
    writer: Writer,
    caps: gst::Caps,
    /// Packets of the frame that is being cut.
    cut: Mutex<Vec<gst::Buffer>>,
    /// What the frames' times mean.
    segment: Mutex<Option<gst::FormattedSegment<gst::ClockTime>>>,
}

impl Packetizer {
    /// Cuts `encoded` into `packets` from now on.
    ///
    /// # Errors
    /// When there is no payloader for this codec.
    pub async fn start(
        codec: Codec,
        encoded: &Feed,
        packets: &Feed,
        clockwork: &Clockwork,
    ) -> Result<Self, PacketizeError> {
        let missing = |why: String| PacketizeError::Payloader { codec, why };
        let (pipeline, bus) = Pipeline::parse(&format!("packetize-{codec}"), template(codec), clockwork)
            .map_err(|error| missing(error.to_string()))?;
        let end = |direction| {
            let found = pipeline.as_gst().find_unlinked_pad(direction);
            found.ok_or_else(|| missing("its template has no two open ends".to_owned()))
        };
        let pads = Pads::around(&end(gst::PadDirection::Sink)?, &end(gst::PadDirection::Src)?, codec, packets)
            .map_err(|error| missing(error.to_string()))?;
        pipeline.set_state(gst::State::Playing).await?;
        let tap = encoded.tap(format!("packetize-{codec}"));
        tap.link(&pads.entry)?;
        Ok(Self { tap, pipeline, _pads: pads, bus })
    }

    /// Waits until it takes no more frames.
    pub async fn failure(&mut self) -> PacketizeError {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let why = tokio::select! {
                event = self.bus.recv() => event.map_or(Some("its bus is gone".to_owned()), |event| event.failure()),
                _ = looks.tick() => (!self.tap.is_linked()).then(|| "it refused a frame".to_owned()),
            };
            if let Some(why) = why {
                return PacketizeError::Failed { why };
            }
        }
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        let Self { tap, pipeline, .. } = self;
        drop(tap);
        if let Err(error) = pipeline.stop().await {
            tracing::error!(%error, "a payloader does not come down; it is left behind");
        }
    }
}

impl Pads {
    /// Puts them around a payloader whose open ends these are.
    fn around(into: &gst::Pad, out_of: &gst::Pad, codec: Codec, packets: &Feed) -> Result<Self, gst::PadLinkError> {
        let feeder = pad::opened(pad::source("feeder").event_function(|_, _, _| true).build());
        let bench = Arc::new(Bench {
            feeder: feeder.clone(),
            writer: packets.writer(),
            caps: gst::Caps::builder("application/x-packed-rtp").field("media", codec.kind().to_string()).build(),
            cut: Mutex::default(),
            segment: Mutex::default(),
        });
        let (cutting, hearing) = (bench.clone(), bench.clone());
        let entry = pad::sink("entry")
            .chain_function(move |_, _, frame| cutting.cut(frame))
            .event_function(move |_, _, event| hearing.hear(event))
            .build();
        let (single, several) = (bench.clone(), bench.clone());
        let collector = pad::sink("collector")
            .chain_function(move |_, _, packet| {
                single.collect([packet]);
                Ok(gst::FlowSuccess::Ok)
            })
            .chain_list_function(move |_, _, packets| {
                several.collect(packets.iter_owned());
                Ok(gst::FlowSuccess::Ok)
            })
            .event_function(|_, _, _| true)
            .build();
        let (entry, collector) = (pad::opened(entry), pad::opened(collector));
        feeder.link(into)?;
        out_of.link(&collector)?;
        bench.writer.hears_on(&entry);
        Ok(Self { entry, feeder, collector })
    }
}

impl Drop for Pads {
    fn drop(&mut self) {
        // Unlinked, and no more: to deactivate one waits for the frame that passes, perhaps to a peer that hangs.
        if let Some(into) = self.feeder.peer() {
            let _ = self.feeder.unlink(&into);
        }
        if let Some(out_of) = self.collector.peer() {
            let _ = out_of.unlink(&self.collector);
        }
    }
}

impl Bench {
    /// Cuts a frame: when the payloader has returned, all packets of it are there.
    fn cut(&self, frame: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let running_time = {
            let segment = self.segment.lock().unwrap_or_else(PoisonError::into_inner);
            segment.as_ref().and_then(|segment| segment.to_running_time(frame.pts()?))
        };
        // Before the segment's beginning, or without a time: nothing that could be played.
        let Some(running_time) = running_time else { return Ok(gst::FlowSuccess::Ok) };
        let delta = frame.flags() & gst::BufferFlags::DELTA_UNIT;
        // What is left of one that failed would come before this one.
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.feeder.push(frame)?;
        let packets = std::mem::take(&mut *self.cut.lock().unwrap_or_else(PoisonError::into_inner));
        let readable: Vec<_> = packets.iter().filter_map(|packet| packet.map_readable().ok()).collect();
        let packed = rtp::pack(readable.iter().map(|packet| packet.as_slice()));
        if packed.is_empty() {
            return Ok(gst::FlowSuccess::Ok);
        }
        let mut buffer = gst::Buffer::from_slice(packed);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(running_time);
            buffer.set_flags(delta);
        }
        self.writer.write(&Frame::on_running_time(buffer, self.caps.clone()))
    }

    fn collect(&self, packets: impl IntoIterator<Item = gst::Buffer>) {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).extend(packets);
    }

    fn hear(&self, event: gst::Event) -> bool {
        if let gst::EventView::Segment(segment) = event.view() {
            let segment = segment.segment().downcast_ref::<gst::ClockTime>().cloned();
            *self.segment.lock().unwrap_or_else(PoisonError::into_inner) = segment;
        }
        self.feeder.push_event(event)
    }
}

const fn template(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => include_str!("../../pipelines/send/h264.launch"),
        Codec::Vp8 => include_str!("../../pipelines/send/vp8.launch"),
        Codec::Vp9 => include_str!("../../pipelines/send/vp9.launch"),
        Codec::Av1 => include_str!("../../pipelines/send/av1.launch"),
        Codec::Opus => include_str!("../../pipelines/send/opus.launch"),
    }
}
