//! GStreamer's `rtpgccbwe`, with nothing before it and nothing behind it: packets are pushed into it from the thread that
//! has them, and their departure is noted on the thread that it sends them from.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use gst::prelude::*;
use peergate::{
    media::{clockwork::Clockwork, pipeline::Pipeline},
    units::Bitrate,
};

use crate::{
    subject::{Departure, Subject, Told},
    traffic::Packet,
};

/// One peer's.
pub(crate) struct Gcc {
    element: gst::Element,
    /// Where packets go in.
    input: gst::Pad,
    _output: gst::Pad,
    departed: Arc<Mutex<Vec<Departure>>>,
    listens: bool,
    /// The same moment by both clocks.
    begun: (Instant, gst::ClockTime),
    _pipeline: Pipeline,
}

/// All structures of a message.
struct Packets(glib::ValueArray);

// SAFETY: what is in it may be sent to any thread, each by itself, and nobody else has it.
unsafe impl Send for Packets {}

impl From<Packets> for glib::Value {
    fn from(Packets(values): Packets) -> Self {
        values.to_value()
    }
}

impl Gcc {
    /// One that begins with `most`; it `listens` to feedback or gets none.
    pub(crate) async fn start(most: Bitrate, clockwork: &Clockwork, listens: bool) -> Self {
        let description = format!(
            "rtpgccbwe name=judge max-bitrate={most} estimated-bitrate={most} min-bitrate=10000",
            most = most.bits()
        );
        let (pipeline, _) = Pipeline::parse("judge", &description, clockwork).unwrap();
        let element = pipeline.element("judge").unwrap();
        let departed = Arc::new(Mutex::new(Vec::new()));
        let output = output(&departed);
        element.static_pad("src").unwrap().link(&output).unwrap();
        let input = gst::Pad::builder(gst::PadDirection::Src).build();
        input.set_active(true).unwrap();
        input.link(&element.static_pad("sink").unwrap()).unwrap();
        pipeline.set_state(gst::State::Playing).await.unwrap();
        input.push_event(gst::event::StreamStart::new("packets"));
        input.push_event(gst::event::Caps::new(&gst::Caps::new_empty_simple("application/x-rtp")));
        input.push_event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()));
        let begun = (Instant::now(), gst::SystemClock::obtain().time());
        Self { element, input, _output: output, departed, listens, begun, _pipeline: pipeline }
    }

    fn clock_time(&self, at: Instant) -> gst::ClockTime {
        let since = at.saturating_duration_since(self.begun.0);
        self.begun.1 + gst::ClockTime::from_nseconds(u64::try_from(since.as_nanos()).unwrap())
    }

    /// What rtpsession makes of a message about one packet.
    fn structure(&self, Told { departure, arrived }: &Told) -> gst::Structure {
        let structure = gst::Structure::builder("RTPTWCCPacket")
            .field("seqnum", u32::from(departure.sequence))
            .field("lost", arrived.is_none())
            .field("local-ts", self.clock_time(departure.at))
            .field("size", u32::try_from(departure.bytes).unwrap());
        match arrived {
            Some(arrived) => structure.field("remote-ts", self.clock_time(*arrived)).build(),
            None => structure.build(),
        }
    }
}

impl Subject for Gcc {
    fn send(&mut self, burst: &[Packet]) {
        for packet in burst {
            self.input.push(packet.buffer.clone()).unwrap();
        }
    }

    fn departed(&mut self) -> Vec<Departure> {
        std::mem::take(&mut *self.departed.lock().unwrap())
    }

    fn feedback(&mut self, told: &[Told]) {
        if !self.listens {
            return;
        }
        let packets = Packets(glib::ValueArray::new(told.iter().map(|told| self.structure(told).to_send_value())));
        let message = gst::Structure::builder("RTPTWCCPackets").field("packets", packets).build();
        // It says that nobody before it takes the event, either.
        let _ = self.element.static_pad("src").unwrap().send_event(gst::event::CustomUpstream::new(message));
    }

    fn estimate(&self) -> Bitrate {
        Bitrate::from_bits(self.element.property("estimated-bitrate"))
    }
}

/// Where packets come out.
fn output(departed: &Arc<Mutex<Vec<Departure>>>) -> gst::Pad {
    let departed = Arc::clone(departed);
    let output = gst::Pad::builder(gst::PadDirection::Sink)
        .chain_function(move |_, _, buffer| {
            let sequence = u16::try_from(buffer.offset()).unwrap();
            let departure = Departure { at: Instant::now(), sequence, bytes: buffer.size() };
            departed.lock().unwrap().push(departure);
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    output.set_active(true).unwrap();
    output
}
