//! The packets that pipelines are given: made once, then again and again, with sequence numbers and times that go on.

use peergate::{
    codec::{Codec, MediaKind},
    media::{clockwork::Clockwork, pipeline::Pipeline},
};
use serde::{Deserialize, Serialize};

use crate::scene;

/// How much is made. It begins with a keyframe.
const SECONDS: u32 = 4;

/// Any that is dynamic (RFC 3551, section 6).
const PAYLOAD_TYPE: i32 = 96;

/// Packets of a picture, or of sound.
#[derive(Serialize, Deserialize)]
pub(crate) struct Packets {
    pub(crate) codec: Codec,
    /// Frames in a second.
    pub(crate) rate: u32,
    /// The packets of each frame.
    bursts: Vec<Vec<Vec<u8>>>,
}

/// What goes on from frame to frame.
pub(crate) struct Stream<'a> {
    packets: &'a Packets,
    frames: u64,
    sequence: u16,
}

impl Packets {
    /// Encodes and cuts into packets.
    pub(crate) async fn make(codec: Codec) -> Self {
        let payloader = match codec {
            Codec::H264 => include_str!("../../pipelines/send/h264.launch"),
            Codec::Vp8 => include_str!("../../pipelines/send/vp8.launch"),
            Codec::Opus => include_str!("../../pipelines/send/opus.launch"),
            Codec::Vp9 | Codec::Av1 => panic!("expected VP8, H.264 or Opus, got {codec}"),
        };
        let then = format!("{} pt={PAYLOAD_TYPE} !", payloader.trim());
        let description = scene::launch(codec, Some(SECONDS), &then);
        let (pipeline, _) = Pipeline::parse("packets", &description, &Clockwork::start()).unwrap();
        let sink = pipeline.appsink("out").unwrap();
        pipeline.set_state(gst::State::Playing).await.unwrap();
        let rate = if codec.kind() == MediaKind::Video { scene::PICTURES } else { scene::SOUNDS };
        let mut bursts: Vec<Vec<Vec<u8>>> = Vec::new();
        while let Ok(sample) = sink.pull_sample() {
            let packet = sample.buffer().unwrap().map_readable().unwrap().to_vec();
            match bursts.last_mut().filter(|burst| burst[0][TIMESTAMP] == packet[TIMESTAMP]) {
                Some(burst) => burst.push(packet),
                None => bursts.push(vec![packet]),
            }
        }
        // An encoder of sound may have something left of before its end.
        bursts.truncate((rate * SECONDS) as usize);
        assert_eq!(bursts.len() as u32, rate * SECONDS, "{codec}: each frame is there");
        Self { codec, rate, bursts }
    }

    /// Bits in a second, with what RTP takes of them.
    pub(crate) fn bitrate(&self) -> u64 {
        let bytes: usize = self.bursts.iter().flatten().map(Vec::len).sum();
        bytes as u64 * 8 / u64::from(SECONDS)
    }

    /// What depayloaders are told.
    pub(crate) fn caps(&self) -> gst::Caps {
        let caps = gst::Caps::builder("application/x-rtp")
            .field("media", self.codec.kind().to_string())
            .field("encoding-name", self.codec.encoding_name())
            .field("clock-rate", self.codec.clock_rate() as i32)
            .field("payload", PAYLOAD_TYPE);
        caps.build()
    }

    pub(crate) const fn stream(&self) -> Stream<'_> {
        Stream { packets: self, frames: 0, sequence: 0 }
    }
}

/// Where a packet has its sequence number and its time (RFC 3550, section 5.1).
const SEQUENCE: std::ops::Range<usize> = 2..4;
const TIMESTAMP: std::ops::Range<usize> = 4..8;

impl Stream<'_> {
    /// The next frame's packets, to be seen or heard at `time`.
    pub(crate) fn next(&mut self, time: gst::ClockTime) -> gst::BufferList {
        let Packets { codec, rate, bursts } = self.packets;
        let burst = &bursts[(self.frames % bursts.len() as u64) as usize];
        let timestamp = (self.frames * u64::from(codec.clock_rate() / rate)) as u32;
        self.frames += 1;
        let mut list = gst::BufferList::new_sized(burst.len());
        for packet in burst {
            let mut packet = packet.clone();
            packet[SEQUENCE].copy_from_slice(&self.sequence.to_be_bytes());
            packet[TIMESTAMP].copy_from_slice(&timestamp.to_be_bytes());
            self.sequence = self.sequence.wrapping_add(1);
            let mut buffer = gst::Buffer::from_mut_slice(packet);
            buffer.make_mut().set_pts(time);
            list.make_mut().add(buffer);
        }
        list
    }
}
