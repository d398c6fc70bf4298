//! One stream to a peer: frames come in through inlets, packets go out over the link.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use gst::prelude::*;

use super::{Link, batch::Batch, judge::Way};
use crate::{
    media::{keyframes::Reason, pad},
    pace::Pace,
    rtp::{PackedFrame, Protection, ProtectionError, SenderInfo, Stream, StreamCounts, StreamSettings},
    units::Bitrate,
};

/// How often the other side is told what our timestamps mean. Browsers play sound and picture together from the first such
/// report on; RFC 3550 would have them every 5 s, less often than a viewer's patience lasts.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How many packets are sent again in a second at most: at 2 Mbit/s twice what is sent at all.
const RESENT_PER_SECOND: u32 = 500;

/// The least, however little the link bears: the half of a small keyframe.
const LEAST_RESENT: u32 = 10;

/// How many of a second's are sent again at once: one in so many. A link that has just lost too much is to get less.
const RESENT_AT_ONCE: u32 = 4;

/// The bits of a packet.
const PACKET_BITS: u32 = 8 * 1200;

/// Sends one stream.
#[derive(Debug)]
pub(in crate::peer) struct StreamSender {
    ssrc: u32,
    link: Arc<Link>,
    state: Mutex<State>,
}

/// The way into a stream. It ends with the stream. Nothing waits here for a frame that passes: it may be on its way to a
/// peer that hangs.
#[derive(Debug)]
pub(in crate::peer) struct Inlet {
    pad: gst::Pad,
}

#[derive(Debug)]
struct State {
    stream: Stream<Frame>,
    protection: Protection,
    /// Where frames come in, and requests for keyframes go out.
    pad: glib::WeakRef<gst::Pad>,
    reported: Option<Instant>,
    resends: Pace,
}

/// A packed frame. Mapped only while it is read: GStreamer counts to 255 maps of the same memory, and there is one of each
/// frame for all peers.
#[derive(Debug, Clone)]
struct Frame(gst::Buffer);

impl PackedFrame for Frame {
    fn read<R>(&self, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.0.map_readable().ok().map(|bytes| read(&bytes))
    }
}

impl StreamSender {
    pub(super) fn new(link: &Arc<Link>, settings: StreamSettings) -> Result<Self, ProtectionError> {
        Ok(Self {
            ssrc: settings.ssrc,
            link: link.clone(),
            state: Mutex::new(State {
                stream: Stream::new(settings, rand::random()),
                protection: link.protection()?,
                pad: glib::WeakRef::new(),
                reported: None,
                resends: Pace::new(RESENT_PER_SECOND, RESENT_PER_SECOND / RESENT_AT_ONCE),
            }),
        })
    }

    pub(super) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What has been sent so far.
    pub(in crate::peer) fn counts(&self) -> StreamCounts {
        self.state().stream.counts()
    }

    /// The way in.
    pub(in crate::peer) fn inlet(self: &Arc<Self>) -> Inlet {
        let stream = Arc::downgrade(self);
        let pad = pad::sink("inlet")
            .chain_function(move |_, _, frame| match stream.upgrade() {
                Some(stream) => stream.take(frame),
                None => Err(gst::FlowError::Eos),
            })
            .event_function(|_, _, _| true)
            .build();
        let pad = pad::opened(pad);
        self.state().pad.set(Some(&pad));
        Inlet { pad }
    }

    /// Sends a frame, on the thread that made it.
    fn take(&self, frame: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(running_time) = frame.pts().map(Duration::from) else { return Ok(gst::FlowSuccess::Ok) };
        let is_beginning = frame.flags().contains(gst::BufferFlags::DISCONT);
        let frame = Frame(frame);
        let mut packets = Batch::default();
        {
            let mut state = self.state();
            let State { stream, protection, .. } = &mut *state;
            if is_beginning {
                // A link that could not bear the other quality would not bear to be sent it again.
                stream.forget();
            }
            let mut sent = Vec::new();
            stream.frame(
                &frame,
                running_time,
                || self.link.next_transport_sequence(),
                |packet, number| {
                    sent.extend(number.map(|number| (number, packet.len())));
                    add(&mut packets, protection.rtp(packet));
                },
            );
            // While the stream is locked: they are to be told of in their order.
            self.link.sent(&sent);
            if state.reported.is_none_or(|reported| reported.elapsed() >= REPORT_EVERY) {
                state.reported = Some(Instant::now());
                self.report(&mut state, &mut packets);
            }
        }
        self.link.send(&packets)
    }

    /// Nothing that was sent so far is sent again.
    pub(in crate::peer) fn forget(&self) {
        self.state().stream.forget();
    }

    /// Sends packets again that were lost, as far as they are still there, are not on their way again, and are not too many:
    /// they get the half of what the link bears, where that is known.
    pub(super) fn resend(&self, sequences: &BTreeSet<u16>, way: Way) {
        let mut packets = Batch::default();
        {
            let mut state = self.state();
            let State { stream, protection, resends, .. } = &mut *state;
            let (per_second, at_once) = resends_within(way.bears);
            resends.change(per_second, at_once);
            let (now, mut sent) = (Instant::now(), Vec::new());
            for &sequence in sequences {
                if !stream.is_due(sequence, now, way.round_trip) {
                    continue;
                }
                if !resends.admits(now) {
                    break;
                }
                stream.resend(
                    sequence,
                    now,
                    || self.link.next_transport_sequence(),
                    |packet, number| {
                        sent.extend(number.map(|number| (number, packet.len())));
                        add(&mut packets, protection.rtp(packet));
                    },
                );
            }
            self.link.sent(&sent);
        }
        // An error: the peer is being taken down.
        let _ = self.link.send(&packets);
    }

    /// Asks the encoder for a keyframe.
    pub(super) fn ask_for_keyframe(&self) {
        let pad = self.state().pad.upgrade();
        if let Some(pad) = pad {
            pad.push_event(Reason::Repeat.to_event());
        }
    }

    fn report(&self, state: &mut State, packets: &mut Batch) {
        let (running_time, at) = self.link.now();
        let counts = state.stream.counts();
        let info = SenderInfo {
            ssrc: self.ssrc,
            at,
            timestamp: state.stream.timestamp(running_time),
            packets: counts.packets,
            bytes: counts.bytes,
            cname: &self.link.cname,
        };
        match info.to_packet() {
            Ok(report) => add(packets, state.protection.rtcp(&report)),
            Err(error) => tracing::debug!(%error, "a sender report can't be written"),
        }
    }

    /// Nothing panics while it is locked; if something did, what is sent next is at worst one packet too few.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inlet {
    /// What a tap of a packets feed is linked to.
    pub(in crate::peer) const fn pad(&self) -> &gst::Pad {
        &self.pad
    }
}

/// How many packets are sent again in a second, and at once, over a link that `bears` so much.
fn resends_within(bears: Option<Bitrate>) -> (u32, u32) {
    let half = bears.map_or(RESENT_PER_SECOND, |bears| bears.bits() / 2 / PACKET_BITS);
    let per_second = half.clamp(LEAST_RESENT, RESENT_PER_SECOND);
    (per_second, (per_second / RESENT_AT_ONCE).max(LEAST_RESENT))
}

fn add(packets: &mut Batch, packet: Result<impl AsRef<[u8]>, ProtectionError>) {
    match packet {
        Ok(packet) => packets.push(packet.as_ref()),
        Err(error) => tracing::debug!(%error, "a packet is left out"),
    }
}
