//! One stream to a peer: frames come in through inlets, packets go out over the link.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use gst::prelude::*;

use super::Link;
use crate::{
    pace::Pace,
    rtp::{PackedFrame, Protection, ProtectionError, SenderInfo, Stream, StreamCounts, StreamSettings},
    units::Bitrate,
};

/// How often the other side is told what our timestamps mean. Browsers play sound and picture together from the first such
/// report on; RFC 3550 would have them every 5 s, less often than a viewer's patience lasts.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How many packets are sent again in a second at most, and at once: at 2 Mbit/s twice what is sent at all.
const RESENT_PER_SECOND: u32 = 500;

/// The least, however little the link bears: the half of a small keyframe.
const LEAST_RESENT: u32 = 10;

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
    resent_per_second: u32,
}

/// The transport-wide numbers of packets as they are made, where those have some. Under the stream's lock, so that they
/// are told of in their order.
struct Numbers<'a> {
    link: &'a Link,
    given: Cell<Option<u16>>,
    sent: RefCell<Vec<(u16, usize)>>,
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
                resends: Pace::new(RESENT_PER_SECOND, RESENT_PER_SECOND),
                resent_per_second: RESENT_PER_SECOND,
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
        let pad = gst::Pad::builder(gst::PadDirection::Sink)
            .name("inlet")
            .chain_function(move |_, _, frame| match stream.upgrade() {
                Some(stream) => stream.take(frame),
                None => Err(gst::FlowError::Eos),
            })
            .event_function(|_, _, _| true)
            .build();
        // A pad without a parent has no element that would activate it.
        let _ = pad.set_active(true);
        self.state().pad.set(Some(&pad));
        Inlet { pad }
    }

    /// Sends a frame, on the thread that made it.
    fn take(&self, frame: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(running_time) = frame.pts().map(Duration::from) else { return Ok(gst::FlowSuccess::Ok) };
        let is_beginning = frame.flags().contains(gst::BufferFlags::DISCONT);
        let frame = Frame(frame);
        let mut packets = gst::BufferList::new();
        {
            let mut state = self.state();
            let State { stream, protection, .. } = &mut *state;
            if is_beginning {
                // A link that could not bear the other quality would not bear to be sent it again.
                stream.forget();
            }
            let (list, numbers) = (packets.make_mut(), Numbers::new(&self.link));
            stream.frame(
                &frame,
                running_time,
                || numbers.next(),
                |packet| {
                    numbers.used(packet);
                    add(list, protection.rtp(packet));
                },
            );
            numbers.tell();
            if state.reported.is_none_or(|reported| reported.elapsed() >= REPORT_EVERY) {
                state.reported = Some(Instant::now());
                self.report(&mut state, list);
            }
        }
        self.link.send(packets)
    }

    /// Nothing that was sent so far is sent again.
    pub(in crate::peer) fn forget(&self) {
        self.state().stream.forget();
    }

    /// Sends packets again that were lost, as far as they are still there and there are not too many: they get the half of
    /// what the link `bears`, where that is known.
    pub(super) fn resend(&self, sequences: &BTreeSet<u16>, bears: Option<Bitrate>) {
        let mut packets = gst::BufferList::new();
        {
            self.state().pace_resends(bears);
            let State { stream, protection, resends, .. } = &mut *self.state();
            let (list, now, numbers) = (packets.make_mut(), Instant::now(), Numbers::new(&self.link));
            for &sequence in sequences.iter().take_while(|_| resends.admits(now)) {
                stream.resend(
                    sequence,
                    || numbers.next(),
                    |packet| {
                        numbers.used(packet);
                        add(list, protection.rtp(packet));
                    },
                );
            }
            numbers.tell();
        }
        // An error: the peer is being taken down.
        let _ = self.link.send(packets);
    }

    /// Asks the encoder for a keyframe.
    pub(super) fn ask_for_keyframe(&self) {
        let pad = self.state().pad.upgrade();
        if let Some(pad) = pad {
            pad.push_event(gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build());
        }
    }

    fn report(&self, state: &mut State, list: &mut gst::BufferListRef) {
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
            Ok(report) => add(list, state.protection.rtcp(&report)),
            Err(error) => tracing::debug!(%error, "a sender report can't be written"),
        }
    }

    /// Nothing panics while it is locked; if something did, what is sent next is at worst one packet too few.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pace_resends(&mut self, bears: Option<Bitrate>) {
        let half = bears.map_or(RESENT_PER_SECOND, |bears| bears.bits() / 2 / PACKET_BITS);
        let per_second = half.clamp(LEAST_RESENT, RESENT_PER_SECOND);
        // A pace that is begun anew begins with a burst, so not for little.
        if per_second.abs_diff(self.resent_per_second) > self.resent_per_second / 4 {
            self.resends = Pace::new(per_second, per_second);
            self.resent_per_second = per_second;
        }
    }
}

impl<'a> Numbers<'a> {
    fn new(link: &'a Link) -> Self {
        Self { link, given: Cell::new(None), sent: RefCell::default() }
    }

    fn next(&self) -> u16 {
        let number = self.link.next_transport_sequence();
        self.given.set(Some(number));
        number
    }

    fn used(&self, packet: &[u8]) {
        if let Some(number) = self.given.take() {
            self.sent.borrow_mut().push((number, packet.len()));
        }
    }

    fn tell(self) {
        self.link.sent(&self.sent.into_inner());
    }
}

impl Inlet {
    /// What a tap of a packets feed is linked to.
    pub(in crate::peer) const fn pad(&self) -> &gst::Pad {
        &self.pad
    }
}

fn add(list: &mut gst::BufferListRef, packet: Result<impl AsMut<[u8]> + Send + 'static, ProtectionError>) {
    match packet {
        Ok(packet) => list.add(gst::Buffer::from_mut_slice(packet)),
        Err(error) => tracing::debug!(%error, "a packet is left out"),
    }
}
