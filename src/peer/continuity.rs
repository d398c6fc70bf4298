//! Which frames follow a loss, and which have lost something of themselves: by the packets' sequence numbers (RFC 3550, section
//! 5.1).
//!
//! GStreamer flags a frame as one that does not go on from the last one (`DISCONT`) for other reasons, too: after a track
//! was silent for some seconds nothing is missing, and it is flagged all the same. Its depayloader of H.264 (1.22) hands on what
//! is left of a picture of which a slice was lost.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use gst::prelude::*;

use crate::codec::{Codec, MediaKind};

/// Broken pictures that may be on their way through a depayloader at once: the one that was cut off, and the next.
const MOST_BROKEN: usize = 4;

/// What is known of a track's packets and frames. Both pass on one thread.
#[derive(Debug)]
struct Continuity {
    codec: Codec,
    last: Option<Seen>,
    /// Something was lost since the last frame.
    is_lost: bool,
    /// The times of pictures that lack something.
    broken: VecDeque<gst::ClockTime>,
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

/// Flags frames that come to `frames` as what they are, by the packets that came to `packets` before them, in order and with
/// their pictures' times. Pictures that lack something are thrown away.
pub(super) fn flag(packets: &gst::Pad, frames: &gst::Pad, codec: Codec) {
    let (last, broken) = (None, VecDeque::new());
    let continuity = Arc::new(Mutex::new(Continuity { codec, last, is_lost: false, broken }));
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
    frames.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let mut continuity = continuity.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(frame) = info.buffer_mut() else { return gst::PadProbeReturn::Ok };
        if continuity.is_broken(frame.pts()) {
            return gst::PadProbeReturn::Drop;
        }
        let is_flagged = frame.flags().contains(gst::BufferFlags::DISCONT);
        match (std::mem::take(&mut continuity.is_lost), is_flagged) {
            (true, false) => frame.make_mut().set_flags(gst::BufferFlags::DISCONT),
            (false, true) => frame.make_mut().unset_flags(gst::BufferFlags::DISCONT),
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

impl Continuity {
    fn note(&mut self, packet: &gst::BufferRef) {
        let Some(seen) = Seen::of(packet, self.codec) else { return };
        let Some(last) = self.last.replace(seen) else { return };
        if seen.sequence == last.sequence.wrapping_add(1) {
            return;
        }
        self.is_lost = true;
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
        let mut continuity = Continuity { codec, last: None, is_lost: false, broken: VecDeque::new() };
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
}
