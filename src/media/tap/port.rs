//! The pad of a tap: what is pushed through it, and what its taker is answered.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use gst::prelude::*;

use crate::media::{feed::Hub, keyframes::Reason, pad};

/// The pad and what is said of it, shared with the tap's own thread if it has one.
pub(super) struct Port {
    pub(super) label: String,
    pub(super) pad: gst::Pad,
    pub(super) hub: Weak<Hub>,
    /// Which linking is the present one; 0 while it is not linked, or the taker is gone.
    pub(super) link: AtomicU32,
    links: AtomicU32,
    appetite: AtomicU8,
    pub(super) frames: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) dropped: Arc<AtomicU64>,
    /// Frames that wait in the queue, or are being pushed by the tap's own thread.
    pub(super) queued: AtomicUsize,
}

/// Whether the next frame must be a keyframe.
mod appetite {
    /// Any frame will do.
    pub(super) const ANY: u8 = 0;
    /// It has had nothing yet.
    pub(super) const FIRST_KEYFRAME: u8 = 1;
    /// The same; it may be one that has passed already, with all that came after it.
    pub(super) const LAST_KEYFRAME: u8 = 3;
    /// It has missed frames by its own slowness; those up to the keyframe are counted as dropped.
    pub(super) const NEXT_KEYFRAME: u8 = 2;
}

/// What a taker of an encode begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The next keyframe.
    NextKeyframe,
    /// The last one, if that is recent, and all that came after it.
    LastKeyframe,
}

/// A frame on its way to the takers.
#[derive(Debug, Clone)]
pub(in crate::media) struct Frame {
    pub(in crate::media) buffer: gst::Buffer,
    pub(in crate::media) caps: gst::Caps,
    segment: gst::Segment,
    /// It can't be decoded without earlier ones.
    pub(in crate::media) delta: bool,
}

/// The sticky events that a pad has had, so that only changes are sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    link: u32,
    caps: Option<gst::Caps>,
    segment: Option<gst::Segment>,
}

impl Frame {
    pub(in crate::media) fn new(sample: &gst::Sample) -> Option<Self> {
        let buffer = sample.buffer_owned()?;
        let delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        Some(Self { buffer, caps: sample.caps_owned()?, segment: sample.segment()?.clone(), delta })
    }

    /// When it was captured.
    pub(in crate::media) fn running_time(&self) -> Option<gst::ClockTime> {
        self.segment.downcast_ref::<gst::ClockTime>()?.to_running_time(self.buffer.pts()?)
    }

    /// The same, at another running time.
    pub(in crate::media) fn shown_at(&self, time: gst::ClockTime) -> Self {
        let mut buffer = self.buffer.copy();
        let changed = buffer.make_mut();
        changed.set_pts(time);
        changed.set_dts(gst::ClockTime::NONE);
        Self::on_running_time(buffer, self.caps.clone())
    }

    /// One whose times are running times.
    pub(in crate::media) fn on_running_time(buffer: gst::Buffer, caps: gst::Caps) -> Self {
        let delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        Self { buffer, caps, segment: gst::FormattedSegment::<gst::ClockTime>::new().upcast(), delta }
    }
}

impl Port {
    pub(super) fn new(label: String, hub: &Arc<Hub>) -> Self {
        let (events, queries) = (Arc::downgrade(hub), Arc::downgrade(hub));
        let pad = pad::source("tap")
            .event_function(move |_, _, event| answer_event(&events, &event))
            .query_function(move |pad, parent, query| answer_query(&queries, pad, parent, query))
            .build();
        Self {
            label,
            pad: pad::opened(pad),
            hub: Arc::downgrade(hub),
            link: AtomicU32::new(0),
            links: AtomicU32::new(0),
            appetite: AtomicU8::new(appetite::ANY),
            frames: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: Arc::default(),
            queued: AtomicUsize::new(0),
        }
    }

    pub(super) fn begin(&self, beginning: Beginning) {
        let encoded = self.hub.upgrade().filter(|hub| hub.contents().is_encoded());
        let appetite = match (&encoded, beginning) {
            (None, _) => appetite::ANY,
            (Some(_), Beginning::NextKeyframe) => appetite::FIRST_KEYFRAME,
            (Some(_), Beginning::LastKeyframe) => appetite::LAST_KEYFRAME,
        };
        self.appetite.store(appetite, Relaxed);
        let link = self.links.fetch_add(1, Relaxed) + 1;
        self.link.store(link, Relaxed);
        if let Some(hub) = encoded.filter(|hub| appetite == appetite::FIRST_KEYFRAME || !hub.has_replay()) {
            hub.request_keyframe(Reason::NewTaker);
        }
    }

    /// Whether it begins with frames that passed before it came.
    pub(super) fn begins_with_replay(&self) -> bool {
        self.link.load(Relaxed) != 0 && self.appetite.load(Relaxed) == appetite::LAST_KEYFRAME
    }

    pub(super) fn unlink(&self) {
        self.link.store(0, Relaxed);
        if let Some(peer) = self.pad.peer() {
            let _ = self.pad.unlink(&peer);
        }
    }

    /// Whether it takes this frame, or waits for a keyframe.
    pub(super) fn wants(&self, frame: &Frame) -> bool {
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
            let is_new = appetite != appetite::NEXT_KEYFRAME;
            hub.request_keyframe(if is_new { Reason::NewTaker } else { Reason::Repeat });
        }
        false
    }

    pub(super) fn overflow(&self) {
        self.dropped.fetch_add(1, Relaxed);
        if self.hub.upgrade().is_some_and(|hub| hub.contents().is_encoded()) {
            self.appetite.store(appetite::NEXT_KEYFRAME, Relaxed);
        }
    }

    /// Pushes, after the events that have to go before.
    pub(super) fn push(&self, frame: &Frame, sent: &mut Sent, link: u32) {
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
}

/// What takers send up: only a request for a keyframe means something to a feed.
fn answer_event(hub: &Weak<Hub>, event: &gst::Event) -> bool {
    if let Some(reason) = Reason::of(event) {
        if let Some(hub) = hub.upgrade() {
            hub.request_keyframe(reason);
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
