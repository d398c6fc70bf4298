//! Whether packets before a frame were lost: by their sequence numbers (RFC 3550, section 5.1).
//!
//! GStreamer flags a frame as one that does not go on from the last one (`DISCONT`) for other reasons, too: after a track
//! was silent for some seconds nothing is missing, and it is flagged all the same.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use gst::prelude::*;

/// No packet has come yet. Sequence numbers have 16 bits.
const NONE: u32 = u32::MAX;

/// Flags frames that come to `frames` as what they are, by the packets that came to `packets` before them, in order.
pub(super) fn flag(packets: &gst::Pad, frames: &gst::Pad) {
    let (last, is_lost) = (AtomicU32::new(NONE), Arc::new(AtomicBool::new(false)));
    let lost = Arc::clone(&is_lost);
    packets.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        let note = |packet: &gst::BufferRef| {
            let Some(number) = sequence(packet) else { return };
            let before = last.swap(number.into(), Relaxed);
            if before != NONE && number != (before as u16).wrapping_add(1) {
                lost.store(true, Relaxed);
            }
        };
        match &info.data {
            Some(gst::PadProbeData::Buffer(packet)) => note(packet),
            Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(note),
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    frames.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(frame) = info.buffer_mut() {
            let is_flagged = frame.flags().contains(gst::BufferFlags::DISCONT);
            match (is_lost.swap(false, Relaxed), is_flagged) {
                (true, false) => frame.make_mut().set_flags(gst::BufferFlags::DISCONT),
                (false, true) => frame.make_mut().unset_flags(gst::BufferFlags::DISCONT),
                _ => {}
            }
        }
        gst::PadProbeReturn::Ok
    });
}

fn sequence(packet: &gst::BufferRef) -> Option<u16> {
    let packet = packet.map_readable().ok()?;
    Some(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]))
}
