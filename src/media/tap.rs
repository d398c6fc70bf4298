//! A tap: one taker of a [`Feed`](super::feed::Feed). It is a source pad outside of any pipeline, linked to a sink
//! pad of the taker's own.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::{Duration, Instant},
};

use gst::prelude::*;

use super::{
    feed::{Contents, Hub},
    keyframes::Reason,
};

/// How long a push may hold up the feed's thread, and with it every other taker. Two frames at 30/s: an
/// encrypt-and-send takes a fraction of a millisecond, so what is slower waits for something.
const SLOW_PUSH: Duration = Duration::from_millis(50);

/// How many frames wait for a tap with a thread of its own: two seconds of video at 30/s, or of sound.
/// Later than that nobody wants them.
const QUEUE: usize = 60;

/// On which thread a tap pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// On the feed's. The cheapest, for what does not block. A tap that blocks nevertheless, for more than
    /// 50 ms, becomes `Threaded` by itself.
    Direct,
    /// On one of its own, behind a bounded queue. When that is full, frames are dropped up to a keyframe.
    Threaded,
}

/// What a tap has passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TapCounts {
    /// Frames of video, or buffers of sound.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames that were dropped because the taker did not keep up.
    pub dropped: u64,
}

/// Why a tap could not be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tap {tap} of {feed} can't be linked to {sink}: {why}")]
pub struct LinkError {
    /// The tap's label.
    pub tap: String,
    /// The feed's label.
    pub feed: String,
    /// The pad it was to be linked to.
    pub sink: String,
    /// What GStreamer says.
    pub why: String,
}

/// One taker. Dropping it unlinks it.
pub struct Tap {
    outlet: Arc<Outlet>,
}

/// What the feed's thread knows of a tap.
pub(super) struct Outlet {
    port: Arc<Port>,
    threaded: AtomicBool,
    queue: OnceLock<SyncSender<Queued>>,
}

/// The pad and what is said of it, shared with the tap's own thread if it has one.
struct Port {
    label: String,
    pad: gst::Pad,
    hub: Weak<Hub>,
    /// Which linking is the present one; 0 while it is not linked, or the taker is gone.
    link: AtomicU32,
    links: AtomicU32,
    appetite: AtomicU8,
    frames: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
}

/// Whether the next frame must be a keyframe.
mod appetite {
    /// Any frame will do.
    pub(super) const ANY: u8 = 0;
    /// It has had nothing yet.
    pub(super) const FIRST_KEYFRAME: u8 = 1;
    /// It has missed frames by its own slowness; those up to the keyframe are counted as dropped.
    pub(super) const NEXT_KEYFRAME: u8 = 2;
}

/// A frame on its way to the takers.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) buffer: gst::Buffer,
    pub(super) caps: gst::Caps,
    pub(super) segment: gst::Segment,
    /// It can't be decoded without earlier ones.
    pub(super) delta: bool,
}

/// The sticky events that a pad has had, so that only changes are sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    link: u32,
    caps: Option<gst::Caps>,
    segment: Option<gst::Segment>,
}

struct Queued {
    frame: Frame,
    link: u32,
}

impl Frame {
    pub(super) fn new(sample: &gst::Sample) -> Option<Self> {
        let buffer = sample.buffer_owned()?;
        let delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        Some(Self { buffer, caps: sample.caps_owned()?, segment: sample.segment()?.clone(), delta })
    }
}

impl Tap {
    pub(super) fn new(label: String, hub: &Arc<Hub>) -> Self {
        let (events, queries) = (Arc::downgrade(hub), Arc::downgrade(hub));
        let pad = gst::Pad::builder(gst::PadDirection::Src)
            .name("tap")
            .event_function(move |_, _, event| answer_event(&events, &event))
            .query_function(move |pad, parent, query| answer_query(&queries, pad, parent, query))
            .build();
        // A pad without a parent has no element that would activate it.
        let _ = pad.set_active(true);
        let port = Port {
            label,
            pad,
            hub: Arc::downgrade(hub),
            link: AtomicU32::new(0),
            links: AtomicU32::new(0),
            appetite: AtomicU8::new(appetite::ANY),
            frames: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        let outlet = Outlet { port: Arc::new(port), threaded: AtomicBool::new(false), queue: OnceLock::new() };
        Self { outlet: Arc::new(outlet) }
    }

    pub(super) fn outlet(&self) -> Weak<Outlet> {
        Arc::downgrade(&self.outlet)
    }

    /// Links it to `sink`, in place of what it was linked to, and asks for a keyframe to begin with.
    ///
    /// # Errors
    /// When the pad does not take what the feed carries, or is linked already.
    pub fn link(&self, sink: &gst::Pad) -> Result<(), LinkError> {
        let port = &self.outlet.port;
        port.unlink();
        port.pad.link(sink).map_err(|error| LinkError {
            tap: port.label.clone(),
            feed: port.hub.upgrade().map_or_else(String::new, |hub| hub.label().to_owned()),
            sink: sink.path_string().to_string(),
            why: error.to_string(),
        })?;
        port.begin();
        Ok(())
    }

    /// Unlinks it. It takes nothing until it is linked again.
    pub fn unlink(&self) {
        self.outlet.port.unlink();
    }

    /// Says on which thread it pushes from now on.
    pub fn set_delivery(&self, delivery: Delivery) {
        self.outlet.set_delivery(delivery);
    }

    /// On which thread it pushes.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        if self.outlet.threaded.load(Relaxed) { Delivery::Threaded } else { Delivery::Direct }
    }

    /// Whether it is linked, and the taker still takes.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.outlet.port.link.load(Relaxed) != 0
    }

    /// What it has passed on so far.
    #[must_use]
    pub fn counts(&self) -> TapCounts {
        let port = &self.outlet.port;
        TapCounts {
            frames: port.frames.load(Relaxed),
            bytes: port.bytes.load(Relaxed),
            dropped: port.dropped.load(Relaxed),
        }
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("label", &self.outlet.port.label)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.outlet.port.unlink();
        // A push that is on its way ends when the taker's pipeline goes down.
        let _ = self.outlet.port.pad.set_active(false);
    }
}

impl Outlet {
    /// On the feed's streaming thread.
    pub(super) fn offer(&self, frame: &Frame, sent: &mut Sent) {
        let link = self.port.link.load(Relaxed);
        if link == 0 || !self.port.wants(frame) {
            return;
        }
        if self.threaded.load(Relaxed) {
            self.enqueue(frame, link);
            return;
        }
        let begun = Instant::now();
        self.port.push(frame, sent, link);
        let took = begun.elapsed();
        if took > SLOW_PUSH && self.port.link.load(Relaxed) == link {
            tracing::warn!(tap = self.port.label, ?took, "a taker held up its feed; it gets a thread of its own");
            self.set_delivery(Delivery::Threaded);
        }
    }

    fn enqueue(&self, frame: &Frame, link: u32) {
        let Some(queue) = self.queue.get() else { return };
        match queue.try_send(Queued { frame: frame.clone(), link }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.port.overflow(),
            Err(TrySendError::Disconnected(_)) => self.port.link.store(0, Relaxed),
        }
    }

    fn set_delivery(&self, delivery: Delivery) {
        if delivery == Delivery::Threaded && self.queue.get().is_none() {
            let (queue, queued) = sync_channel(QUEUE);
            let port = self.port.clone();
            let spawned = std::thread::Builder::new().name("tap".to_owned()).spawn(move || port.run(&queued));
            if let Err(error) = spawned {
                tracing::error!(tap = self.port.label, %error, "no thread for a slow taker; it gets nothing");
            }
            // Another that did the same at this moment has its queue in place; ours closes with its thread.
            let _ = self.queue.set(queue);
        }
        self.threaded.store(delivery == Delivery::Threaded, Relaxed);
    }
}

impl Port {
    fn begin(&self) {
        let encoded = self.hub.upgrade().filter(|hub| hub.contents() == Contents::Encoded);
        self.appetite.store(if encoded.is_some() { appetite::FIRST_KEYFRAME } else { appetite::ANY }, Relaxed);
        let link = self.links.fetch_add(1, Relaxed) + 1;
        self.link.store(link, Relaxed);
        if let Some(hub) = encoded {
            hub.request_keyframe(Reason::NewTaker);
        }
    }

    fn unlink(&self) {
        self.link.store(0, Relaxed);
        if let Some(peer) = self.pad.peer() {
            let _ = self.pad.unlink(&peer);
        }
    }

    /// Whether it takes this frame, or waits for a keyframe.
    fn wants(&self, frame: &Frame) -> bool {
        let appetite = self.appetite.load(Relaxed);
        if !frame.delta {
            self.appetite.store(appetite::ANY, Relaxed);
            return true;
        }
        if appetite == appetite::ANY {
            return true;
        }
        self.dropped.fetch_add(u64::from(appetite == appetite::NEXT_KEYFRAME), Relaxed);
        if let Some(hub) = self.hub.upgrade() {
            hub.request_keyframe(Reason::Repeat);
        }
        false
    }

    fn overflow(&self) {
        self.dropped.fetch_add(1, Relaxed);
        if self.hub.upgrade().is_some_and(|hub| hub.contents() == Contents::Encoded) {
            self.appetite.store(appetite::NEXT_KEYFRAME, Relaxed);
        }
    }

    /// Pushes, after the events that have to go before.
    fn push(&self, frame: &Frame, sent: &mut Sent, link: u32) {
        if sent.link != link {
            *sent = Sent { link, ..Sent::default() };
            self.pad.push_event(gst::event::StreamStart::new(&self.label));
        }
        if sent.caps.as_ref() != Some(&frame.caps) {
            self.pad.push_event(gst::event::Caps::new(&frame.caps));
            sent.caps = Some(frame.caps.clone());
        }
        if sent.segment.as_ref() != Some(&frame.segment) {
            self.pad.push_event(gst::event::Segment::new(&frame.segment));
            sent.segment = Some(frame.segment.clone());
        }
        match self.pad.push(frame.buffer.clone()) {
            Ok(_) => {
                self.frames.fetch_add(1, Relaxed);
                self.bytes.fetch_add(frame.buffer.size() as u64, Relaxed);
            }
            Err(error) => {
                // The taker is going down, or broke and says so on its own bus. It may have been linked anew meanwhile.
                if self.link.compare_exchange(link, 0, Relaxed, Relaxed).is_ok() {
                    tracing::debug!(tap = self.label, %error, "a taker takes no more");
                }
            }
        }
    }

    /// The tap's own thread. Ends with the tap, whose drop closes the queue.
    fn run(&self, queued: &Receiver<Queued>) {
        let mut sent = Sent::default();
        for Queued { frame, link } in queued {
            if link == self.link.load(Relaxed) {
                self.push(&frame, &mut sent, link);
            }
        }
    }
}

/// What takers send up: only a request for a keyframe means something to a feed.
fn answer_event(hub: &Weak<Hub>, event: &gst::Event) -> bool {
    if gst_video::ForceKeyUnitEvent::is(event) {
        if let Some(hub) = hub.upgrade() {
            hub.request_keyframe(Reason::Repeat);
        }
        return true;
    }
    matches!(event.type_(), gst::EventType::Latency | gst::EventType::Qos | gst::EventType::Reconfigure)
}

fn answer_query(hub: &Weak<Hub>, pad: &gst::Pad, parent: Option<&gst::Object>, query: &mut gst::QueryRef) -> bool {
    match query.view_mut() {
        // Frames are handed over when they are made, late by what they are late. webrtcbin would wait
        // for as long as this says before it sends.
        gst::QueryViewMut::Latency(latency) => {
            latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
            true
        }
        gst::QueryViewMut::Caps(caps) => {
            let have = hub.upgrade().and_then(|hub| hub.caps()).unwrap_or_else(gst::Caps::new_any);
            let answer = match caps.filter() {
                Some(filter) => filter.intersect_with_mode(&have, gst::CapsIntersectMode::First),
                None => have,
            };
            caps.set_result(&answer);
            true
        }
        _ => gst::Pad::query_default(pad, parent, query),
    }
}
