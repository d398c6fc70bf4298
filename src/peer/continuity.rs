//! Which frames follow a loss, and which have lost something of themselves: by the packets' sequence numbers (RFC 3550, section
//! 5.1).
//!
//! GStreamer flags a frame as one that does not go on from the last one (`DISCONT`) for other reasons, too: after a track
//! was silent for some seconds nothing is missing, and it is flagged all the same. Its depayloader of H.264 (1.22) hands on what
//! is left of a picture of which a slice was lost; and behind a keyframe that lost its end it hands on pictures that need it,
//! though told to wait for another.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use gst::prelude::*;

use crate::{
    bitstream,
    codec::{Codec, MediaKind},
};

/// Broken pictures that may be on their way through a depayloader at once: the one that was cut off, and the next.
const MOST_BROKEN: usize = 4;

/// What is known of a track's packets and frames. Both pass on one thread.
#[derive(Debug)]
struct Continuity {
    codec: Codec,
    last: Option<Seen>,
    /// Something was lost since the last frame that was handed on.
    is_lost: bool,
    /// The times of pictures that lack something.
    broken: VecDeque<gst::ClockTime>,
    /// The last keyframe came with what a decoder has to know of it.
    are_headed: bool,
    /// The time of the picture that came right behind a loss. Its head may be what was lost.
    exposed: Option<gst::ClockTime>,
}

/// What a packet says.
#[derive(Debug, Clone, Copy)]
struct Seen {
    sequence: u16,
    /// It is its picture's last one.
    marker: bool,
    /// It is its picture's first one, as far as can be told.
    is_first: bool,
    /// When its picture was made.
    time: Option<gst::ClockTime>,
}

/// Has frames that come to `frames` be whole and flagged as what they are, by the packets that came to `packets` before them,
/// in order and with their pictures' times. Pictures that lack something are thrown away, and those behind a loss that are no
/// keyframe: keyframes have to be flagged already.
pub(super) fn keep(packets: &gst::Pad, frames: &gst::Pad, codec: Codec) {
    let continuity = Arc::new(Mutex::new(Continuity::new(codec)));
    let noted = Arc::clone(&continuity);
    packets.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        let mut continuity = noted.lock().unwrap_or_else(PoisonError::into_inner);
        match &info.data {
            Some(gst::PadProbeData::Buffer(packet)) => continuity.note(packet),
            Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(|packet| continuity.note(packet)),
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    frames.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(frame) = info.buffer_mut() else { return gst::PadProbeReturn::Ok };
        if continuity.lock().unwrap_or_else(PoisonError::into_inner).pass(frame) {
            return gst::PadProbeReturn::Ok;
        }
        // With each: the session sends them together, and one that got lost is not the last.
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        // Refused: the track is going.
        let _ = pad.push_event(event);
        gst::PadProbeReturn::Drop
    });
}

impl Continuity {
    const fn new(codec: Codec) -> Self {
        Self { codec, last: None, is_lost: false, broken: VecDeque::new(), are_headed: false, exposed: None }
    }

    fn note(&mut self, packet: &gst::BufferRef) {
        let Some(seen) = Seen::of(packet, self.codec) else { return };
        let Some(last) = self.last.replace(seen) else { return };
        if seen.sequence == last.sequence.wrapping_add(1) {
            return;
        }
        (self.is_lost, self.exposed) = (true, seen.time);
        if self.codec.kind() == MediaKind::Audio {
            return;
        }
        if !last.marker {
            self.broke(last.time);
        }
        if seen.time == last.time || !seen.is_first {
            self.broke(seen.time);
        }
    }

    /// Whether a frame can be decoded, with what was handed on before it. One that can is flagged where it follows a loss.
    fn pass(&mut self, frame: &mut gst::Buffer) -> bool {
        let is_keyframe = !frame.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let is_headed = is_keyframe && is_headed(frame, self.codec);
        let is_beheaded = is_keyframe && self.are_headed && !is_headed && frame.pts() == self.exposed;
        let needs_last = self.codec.kind() == MediaKind::Video && !is_keyframe;
        if self.is_broken(frame.pts()) || self.is_lost && (needs_last || is_beheaded) {
            return false;
        }
        if is_keyframe {
            self.are_headed = is_headed;
        }
        let is_flagged = frame.flags().contains(gst::BufferFlags::DISCONT);
        match (std::mem::take(&mut self.is_lost), is_flagged) {
            (true, false) => frame.make_mut().set_flags(gst::BufferFlags::DISCONT),
            (false, true) => frame.make_mut().unset_flags(gst::BufferFlags::DISCONT),
            _ => {}
        }
        true
    }

    fn broke(&mut self, time: Option<gst::ClockTime>) {
        if self.is_broken(time) {
            return;
        }
        if self.broken.len() == MOST_BROKEN {
            self.broken.pop_front();
        }
        self.broken.extend(time);
    }

    fn is_broken(&self, time: Option<gst::ClockTime>) -> bool {
        time.is_some_and(|time| self.broken.contains(&time))
    }
}

impl Seen {
    fn of(packet: &gst::BufferRef, codec: Codec) -> Option<Self> {
        let time = packet.pts();
        let packet = packet.map_readable().ok()?;
        let sequence = u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]);
        let marker = packet.get(1)? & 0x80 != 0;
        // The other depayloaders hand on no picture without its beginning.
        let is_first = codec != Codec::H264 || payload(&packet).is_some_and(begins_picture);
        Some(Self { sequence, marker, is_first, time })
    }
}

/// Whether a keyframe says all of itself: the parameter sets of H.264, the sequence header of AV1. The others have none.
fn is_headed(keyframe: &gst::Buffer, codec: Codec) -> bool {
    keyframe.map_readable().is_ok_and(|bytes| bitstream::look(codec, &bytes).private.is_some())
}

/// What is behind a packet's header (RFC 3550, sections 5.1 and 5.3.1).
fn payload(packet: &[u8]) -> Option<&[u8]> {
    let flags = packet.first()?;
    let behind = packet.get(12 + 4 * usize::from(flags & 0x0F)..)?;
    if flags & 0x10 == 0 {
        return Some(behind);
    }
    let length = u16::from_be_bytes([*behind.get(2)?, *behind.get(3)?]);
    behind.get(4 + 4 * usize::from(length)..)
}

/// Whether a picture of H.264 begins with this payload (RFC 6184, section 5.2): with what is said of it, or with a slice from its
/// first macroblock on (ITU-T H.264, section 7.4.3: `first_mb_in_slice` is 0, and a single bit that is set).
fn begins_picture(payload: &[u8]) -> bool {
    let begins = |unit: u8, slice: Option<&u8>| match unit & 0x1F {
        1 | 5 => slice.is_some_and(|slice| slice & 0x80 != 0),
        kind => (6..=9).contains(&kind),
    };
    match payload {
        // The first of several, behind its size.
        [head, _, _, unit, rest @ ..] if head & 0x1F == 24 => begins(*unit, rest.first()),
        // A piece of one, the first.
        [head, piece, rest @ ..] if head & 0x1F == 28 => piece & 0x80 != 0 && begins(*piece, rest.first()),
        [unit, rest @ ..] => begins(*unit, rest.first()),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{clockwork::Clockwork, keyframe_flag, pipeline::Pipeline};

    const SLICE: u8 = 0x41;
    const IDR: u8 = 0x65;
    const SPS: u8 = 0x67;

    #[test]
    fn a_picture_of_h264_begins_with_its_first_slice_or_what_is_said_of_it() {
        for begins in [
            &[SPS, 0x42][..],
            &[IDR, 0x88],
            &[SLICE, 0x9a],
            &[0x78, 0, 2, SPS, 0x42],
            &[0x7c, 0x85, 0x88],
            &[0x5c, 0x81, 0x9a],
        ] {
            assert!(begins_picture(begins), "{begins:x?}");
        }
        for goes_on in
            [&[][..], &[SLICE], &[SLICE, 0x4a], &[IDR, 0x08], &[0x7c, 0x85, 0x08], &[0x7c, 0x05, 0x88], &[0x7c]]
        {
            assert!(!begins_picture(goes_on), "{goes_on:x?}");
        }
    }

    #[test]
    fn the_payload_is_behind_sources_and_extension() {
        let mut packet = vec![0x80; 12];
        packet.push(7);
        assert_eq!(payload(&packet), Some(&[7][..]));
        packet[0] = 0x91;
        packet.splice(12..12, [[0; 4], [0xBE, 0xDE, 0, 1], [0; 4]].concat());
        assert_eq!(payload(&packet), Some(&[7][..]));
        assert_eq!(payload(&packet[..20]), None);
        assert_eq!(payload(&[]), None);
    }

    fn packet(sequence: u16, marker: bool, time: u64, payload: &[u8]) -> gst::Buffer {
        let mut bytes = vec![0x80, u8::from(marker) << 7 | 96];
        bytes.extend(sequence.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend(payload);
        let mut packet = gst::Buffer::from_mut_slice(bytes);
        packet.get_mut().unwrap().set_pts(gst::ClockTime::from_mseconds(time));
        packet
    }

    /// The times of pictures that are thrown away.
    fn broken(codec: Codec, packets: &[(u16, bool, u64, &[u8])]) -> Vec<u64> {
        gst::init().unwrap();
        let mut continuity = Continuity::new(codec);
        for (sequence, marker, time, payload) in packets {
            continuity.note(&packet(*sequence, *marker, *time, payload));
        }
        continuity.broken.iter().map(|time| time.mseconds()).collect()
    }

    #[test]
    fn pictures_that_lack_a_packet_are_known() {
        let (first, next) = (&[SLICE, 0x9a][..], &[SLICE, 0x4a][..]);
        let whole = (1, false, 0, first);
        let none = Vec::<u64>::new();
        assert_eq!(
            broken(Codec::H264, &[(u16::MAX, false, 0, first), (0, true, 0, next), (1, false, 33, first)]),
            none
        );
        assert_eq!(broken(Codec::H264, &[whole, (3, true, 0, next)]), [0], "in its midst");
        assert_eq!(broken(Codec::H264, &[whole, (3, false, 33, first)]), [0], "its end");
        assert_eq!(broken(Codec::H264, &[(1, true, 0, first), (3, false, 33, first)]), none, "another one");
        assert_eq!(broken(Codec::H264, &[(1, true, 0, first), (3, false, 33, next)]), [33], "its beginning");
        assert_eq!(broken(Codec::Opus, &[(1, false, 0, first), (3, false, 20, next)]), none);
    }

    /// The times of the pictures that come out behind GStreamer's depayloader.
    async fn handed_on(packets: &[(u16, bool, u64, &[u8])]) -> Vec<u64> {
        gst::init().unwrap();
        let caps = "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000";
        let receive = include_str!("../../pipelines/receive/h264.launch");
        let line = format!("appsrc name=packets format=time caps={caps} ! {receive} sync=false async=false");
        let (line, _) = Pipeline::parse("packets", &line, &Clockwork::start()).unwrap();
        let source = line.element("packets").unwrap().downcast::<gst_app::AppSrc>().unwrap();
        let sink = line.appsink("sink").unwrap();
        let frames = sink.static_pad("sink").unwrap();
        keyframe_flag::set_flags(&frames, |frame| Some(bitstream::look(Codec::H264, frame).keyframe));
        keep(&source.static_pad("src").unwrap(), &frames, Codec::H264);
        line.set_state(gst::State::Playing).await.unwrap();
        for (sequence, marker, time, payload) in packets {
            source.push_buffer(packet(*sequence, *marker, *time, payload)).unwrap();
        }
        source.end_of_stream().unwrap();
        let mut times = Vec::new();
        while let Ok(sample) = sink.pull_sample() {
            times.push(sample.buffer().unwrap().pts().unwrap().mseconds());
        }
        line.stop().await.unwrap();
        times
    }

    /// The packets of these pictures: of each its time and its pieces.
    fn packets<'a>(pictures: &[(u64, &[&'a [u8]])]) -> Vec<(u16, bool, u64, &'a [u8])> {
        let pieces = pictures.iter().flat_map(|(time, pieces)| {
            let last = pieces.len() - 1;
            pieces.iter().enumerate().map(move |(place, piece)| (place == last, *time, *piece))
        });
        (0..).zip(pieces).map(|(sequence, (marker, time, piece))| (sequence, marker, time, piece)).collect()
    }

    fn without<'a>(packets: &[(u16, bool, u64, &'a [u8])], lost: u16) -> Vec<(u16, bool, u64, &'a [u8])> {
        packets.iter().filter(|packet| packet.0 != lost).copied().collect()
    }

    /// Parameter sets, in one packet.
    fn sets() -> Vec<u8> {
        let sps = b"\x67\x42\xc0\x16\xd9\0\xa4\x2f\xe2\x24\xc0\x44\0\0\x03\0\x04\0\0\x03\0\x50\x3c\x58\xb9\x20";
        [b"\x78\0\x1a", &sps[..], b"\0\x05\x68\xcb\x83\xcb\x20"].concat()
    }

    const BARE: [&[u8]; 2] = [&[IDR, 0x88, 1, 2], &[IDR, 0x4a, 3, 4]];
    const OTHER: [&[u8]; 2] = [&[SLICE, 0x9a, 1, 2], &[SLICE, 0x4a, 3, 4]];

    #[tokio::test]
    async fn behind_a_keyframe_that_lost_a_piece_nothing_comes_before_the_next() {
        let sets = sets();
        let keyframe = [&sets[..], BARE[0], BARE[1]];
        let packets = packets(&[
            (0, &keyframe),
            (33, &OTHER),
            (66, &keyframe),
            (99, &OTHER),
            (132, &OTHER),
            (165, &keyframe),
            (198, &OTHER),
        ]);
        assert_eq!(handed_on(&packets).await, [0, 33, 66, 99, 132, 165, 198]);
        // What is left without the sets looks whole, but may need others than the last keyframe's.
        for lost in packets.iter().filter(|packet| packet.2 == 66) {
            assert_eq!(handed_on(&without(&packets, lost.0)).await, [0, 33, 165, 198], "without {lost:x?}");
        }
    }

    #[tokio::test]
    async fn who_sends_parameter_sets_once_is_seen_again_after_a_loss() {
        let sets = sets();
        let first = [&sets[..], BARE[0], BARE[1]];
        let pictures: [(u64, &[&[u8]]); 7] =
            [(0, &first), (33, &OTHER), (66, &OTHER), (99, &BARE), (132, &OTHER), (165, &BARE), (198, &OTHER)];
        let packets = packets(&pictures);
        for lost in packets.iter().filter(|packet| (33..=99).contains(&packet.2)) {
            let seen = handed_on(&without(&packets, lost.0)).await;
            assert!(seen.ends_with(&[165, 198]), "without {lost:x?}: {seen:?}");
        }
    }
}
