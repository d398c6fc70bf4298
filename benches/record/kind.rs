//! What is done with the packets of a stream.

use std::{fmt, path::Path};

use gst::prelude::*;
use peergate::{
    codec::Codec,
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
        pipeline::{BusEvent, Pipeline},
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::packets::Packets;

/// Each is a process of its own; all have the same packets at the same moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// They are thrown away. What that costs is the benchmark's own.
    Nothing,
    /// They become frames in feeds, as in the daemon, and nobody takes those.
    Received,
    /// They become a file by GStreamer's elements alone.
    Bare,
    /// They become frames in feeds, and those are recorded.
    Recorded,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Nothing, Self::Received, Self::Bare, Self::Recorded];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "the packets thrown away",
            Self::Received => "depayloaded, as peergate receives",
            Self::Bare => "depayloaded and muxed by a bare pipeline",
            Self::Recorded => "recorded by peergate",
        })
    }
}

/// One stream's pipeline.
pub(crate) struct Taker {
    pipeline: Pipeline,
    events: mpsc::Receiver<BusEvent>,
    /// Where packets are pushed: pictures, then sound.
    pub(crate) sources: Vec<gst_app::AppSrc>,
    /// What comes of them, where that is frames.
    pub(crate) feeds: Vec<(Codec, Feed)>,
}

impl Taker {
    /// Starts it. A bare pipeline writes to `file`.
    pub(crate) async fn start(kind: Kind, packets: &[Packets], file: &Path, clockwork: &Clockwork) -> Self {
        let (pipeline, events) = Pipeline::new("taker", clockwork);
        let bin = pipeline.as_gst();
        let muxer = (kind == Kind::Bare).then(|| {
            let muxer = gst::ElementFactory::make("matroskamux").build().unwrap();
            let sink = gst::ElementFactory::make("filesink").property("location", file).property("sync", false);
            let sink = sink.property("async", false).build().unwrap();
            bin.add_many([&muxer, &sink]).unwrap();
            muxer.link(&sink).unwrap();
            muxer
        });
        let (mut sources, mut feeds) = (Vec::new(), Vec::new());
        for packets in packets {
            let caps = packets.caps();
            let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).is_live(true).build();
            let then = gst::parse::bin_from_description(branch(kind, packets.codec), true).unwrap();
            bin.add_many([source.upcast_ref::<gst::Element>(), then.upcast_ref()]).unwrap();
            source.link(&then).unwrap();
            if let Some(muxer) = &muxer {
                then.link(muxer).unwrap();
            }
            if let Some(sink) = then.by_name("sink") {
                let feed = Feed::new("received", Contents::Encoded);
                feed.ingress(&sink.downcast().unwrap());
                feeds.push((packets.codec, feed));
            }
            sources.push(source);
        }
        pipeline.set_state(gst::State::Playing).await.unwrap();
        Self { pipeline, events, sources, feeds }
    }

    /// Until all that was pushed has come through.
    pub(crate) async fn end(mut self) {
        for source in &self.sources {
            source.end_of_stream().unwrap();
        }
        loop {
            match self.events.recv().await.expect("a pipeline says that it is at its end") {
                BusEvent::EndOfStream => break,
                BusEvent::Error { element, error, .. } => panic!("{element}: {error}"),
                _ => {}
            }
        }
        self.pipeline.stop().await.unwrap();
    }
}

/// What stands behind the packets' source.
fn branch(kind: Kind, codec: Codec) -> &'static str {
    match (kind, codec) {
        (Kind::Nothing, _) => "fakesink sync=false async=false",
        (Kind::Bare, Codec::H264) => "rtph264depay ! h264parse",
        (Kind::Bare, Codec::Opus) => "rtpopusdepay ! opusparse",
        (Kind::Bare, Codec::Vp8) => "rtpvp8depay",
        (Kind::Received | Kind::Recorded, Codec::H264) => include_str!("../../pipelines/receive/h264.launch"),
        (Kind::Received | Kind::Recorded, Codec::Opus) => include_str!("../../pipelines/receive/opus.launch"),
        (Kind::Received | Kind::Recorded, Codec::Vp8) => include_str!("../../pipelines/receive/vp8.launch"),
        (_, Codec::Vp9 | Codec::Av1) => panic!("expected VP8, H.264 or Opus, got {codec}"),
    }
}
