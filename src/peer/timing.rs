//! The times of received frames: of their RTP timestamps and the peer's reports ([`Timeline`]), not of when packets came.
//!
//! GStreamer's jitter buffer goes by arrivals, and takes a stall for a sender whose clock is slow: it moves all that comes
//! later, each stream by another bit.

use std::sync::{Arc, Mutex, PoisonError};

use gst::prelude::*;

use crate::{rtp::SenderTime, timeline::Timeline};

/// The times of one peer's streams. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Timing(Arc<Mutex<Timeline>>);

impl Timing {
    /// Gives packets that pass a pad, and with them what is made of them, the time at which their contents were made.
    pub(super) fn stamp(&self, packets: &gst::Pad, clock_rate: u32) {
        let timing = self.clone();
        packets.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(packet) = info.buffer_mut() {
                timing.stamp_one(packet, clock_rate);
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Hears the reports that pass a pad.
    pub(super) fn hear(&self, reports: &gst::Pad) {
        let timing = self.clone();
        reports.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let element = pad.parent_element();
            if let (Some(packet), Some(now)) =
                (info.buffer(), element.and_then(|element| element.current_running_time()))
                && let Ok(packet) = packet.map_readable()
            {
                let mut timeline = timing.timeline();
                SenderTime::parse(&packet).into_iter().for_each(|said| timeline.handle_report(said, now.into()));
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn stamp_one(&self, packet: &mut gst::Buffer, clock_rate: u32) {
        // The one is when it came, the other what the jitter buffer makes of that.
        let Some(arrival) = packet.dts().or(packet.pts()) else { return };
        let Some((timestamp, ssrc)) = header(packet) else { return };
        let time = self.timeline().handle_packet(ssrc, clock_rate, timestamp, arrival.into());
        let packet = packet.make_mut();
        packet.set_pts(gst::ClockTime::try_from(time).ok());
        packet.set_dts(None);
    }

    fn timeline(&self) -> std::sync::MutexGuard<'_, Timeline> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A packet's timestamp and SSRC (RFC 3550, section 5.1).
fn header(packet: &gst::BufferRef) -> Option<(u32, u32)> {
    let packet = packet.map_readable().ok()?;
    let (timestamp, ssrc) = packet.get(4..12)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*timestamp), u32::from_be_bytes(ssrc.try_into().ok()?)))
}
