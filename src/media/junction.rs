//! A junction: what a taker is fed from, where that changes while it takes. It goes on with another feed from that one's
//! first keyframe on, and with the old one until then: [`crate::quality::splice`] says how.
//!
//! Two sink pads, outside of any pipeline, each for a tap; and a source pad, linked to the taker. Frames pass on the
//! thread that brings them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use gst::prelude::*;

use super::{
    feed::Feed,
    keyframes::Reason,
    pad,
    tap::{LinkError, Tap, TapCounts},
};
use crate::quality::splice::{Splice, Verdict};

/// How long nothing is sent where the way is full, before another feed begins: its keyframe would stand behind what is on
/// the way already, or find no place there. Most queues hold a few hundred milliseconds of what a link bears.
const DRAIN: Duration = Duration::from_millis(400);

/// How long a feed pauses at most for another one that does not come: its encoder fails.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A junction. Dropping it unlinks it.
pub struct Junction {
    inner: Arc<Inner>,
    /// By the sink pad that it is linked to.
    taps: [Option<Tap>; 2],
    /// Frames that were dropped by taps that are gone.
    dropped: u64,
}

struct Inner {
    out: gst::Pad,
    inputs: [gst::Pad; 2],
    /// What their frames' times mean.
    segments: [Mutex<gst::FormattedSegment<gst::ClockTime>>; 2],
    /// The input whose frames pass.
    active: AtomicUsize,
    frames: AtomicU64,
    bytes: AtomicU64,
    core: Mutex<Core>,
}

/// Held while a frame passes, as the stream lock of the pad that it passes to is.
#[derive(Default)]
struct Core {
    /// The running time of the last frame that passed.
    passed: Option<Duration>,
    splice: Option<Splice<gst::Buffer>>,
    /// Frames of the active input that waited when a change was given up.
    waiting: Vec<gst::Buffer>,
    /// Since when no frame of the active input passes, for the other one to begin with an empty way.
    paused: Option<Instant>,
    /// Frames of the active input were left out: it goes on with a keyframe.
    needs_keyframe: bool,
}

impl Junction {
    /// One that feeds `sink` from `feed`, beginning with a keyframe; with the last one and what came after it, where that is
    /// recent.
    ///
    /// # Errors
    /// When the pad does not take what the feed carries, or is linked already.
    pub fn link_at_once(feed: &Feed, label: &str, sink: &gst::Pad) -> Result<Self, LinkError> {
        let mut junction = Self { inner: Inner::new(), taps: [None, None], dropped: 0 };
        junction.inner.out.link(sink).map_err(|error| LinkError {
            tap: label.to_owned(),
            feed: format!("{feed:?}"),
            sink: sink.path_string().to_string(),
            why: error.to_string(),
        })?;
        let tap = feed.tap(label);
        tap.link_at_once(&junction.inner.inputs[0])?;
        junction.taps[0] = Some(tap);
        Ok(junction)
    }

    /// Goes on with `feed` as soon as that has a keyframe, in place of any other that it was to go on with. Until then the
    /// old feed's frames pass; with `pause` none do, and the new one's only after a while, where what they go over is full of
    /// them already. `false` where that can't be done now, because a frame passes, or a change that has happened is not
    /// settled: later.
    ///
    /// # Errors
    /// When the feed can't be taken from.
    pub fn switch(&mut self, feed: &Feed, label: &str, pause: bool) -> Result<bool, LinkError> {
        self.stay();
        let other = 1 - self.inner.active.load(Relaxed);
        if self.taps[other].is_some() {
            return Ok(false);
        }
        match self.inner.try_lock() {
            Some(mut core) => {
                core.splice = Some(Splice::new(core.passed));
                core.paused = pause.then(Instant::now);
            }
            None => return Ok(false),
        }
        self.plug(other, feed, label).map(|()| true)
    }

    /// Gives up a change. `false` where it has happened already, or that can't be told now: later.
    pub fn stay(&mut self) -> bool {
        let other = match self.inner.try_lock() {
            Some(mut core) => {
                let Some(splice) = core.splice.take() else { return false };
                core.waiting = splice.give_up();
                core.needs_keyframe |= core.paused.take().is_some();
                1 - self.inner.active.load(Relaxed)
            }
            None => return false,
        };
        self.unplug(other);
        true
    }

    /// Lets go of the old feed once the new one has taken over. `false` while it has not.
    pub fn settle(&mut self) -> bool {
        let other = match self.inner.try_lock() {
            Some(core) if core.splice.is_none() => 1 - self.inner.active.load(Relaxed),
            _ => return false,
        };
        self.unplug(other);
        true
    }

    /// What has passed so far, and what was dropped because the taker did not keep up.
    #[must_use]
    pub fn counts(&self) -> TapCounts {
        let dropping = self.taps.iter().flatten().map(|tap| tap.counts().dropped).sum::<u64>();
        TapCounts {
            frames: self.inner.frames.load(Relaxed),
            bytes: self.inner.bytes.load(Relaxed),
            dropped: self.dropped + dropping,
        }
    }

    fn plug(&mut self, index: usize, feed: &Feed, label: &str) -> Result<(), LinkError> {
        let tap = feed.tap(label);
        tap.link(&self.inner.inputs[index])?;
        self.taps[index] = Some(tap);
        Ok(())
    }

    fn unplug(&mut self, index: usize) {
        if let Some(tap) = self.taps[index].take() {
            self.dropped += tap.counts().dropped;
        }
    }
}

impl fmt::Debug for Junction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Junction").field("taps", &self.taps).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Drop for Junction {
    fn drop(&mut self) {
        // Nothing comes in before nothing goes out.
        self.taps = [None, None];
        let out = &self.inner.out;
        if let Some(peer) = out.peer() {
            let _ = out.unlink(&peer);
        }
        // The pads stay active: to deactivate one waits for the frame that passes, perhaps to a taker that hangs.
    }
}

impl Inner {
    fn new() -> Arc<Self> {
        Arc::new_cyclic(|inner: &Weak<Self>| {
            let (events, queries) = (inner.clone(), inner.clone());
            let out = pad::source("junction")
                .event_function(move |_, _, event| {
                    events.upgrade().is_some_and(|inner| inner.source().push_event(event))
                })
                .query_function(move |pad, parent, query| match query.type_() {
                    gst::QueryType::Latency | gst::QueryType::Caps => {
                        queries.upgrade().is_some_and(|inner| inner.source().peer_query(query))
                    }
                    _ => gst::Pad::query_default(pad, parent, query),
                })
                .build();
            Self {
                out: pad::opened(out),
                inputs: [0, 1].map(|index| pad::opened(Self::input(inner, index))),
                segments: Default::default(),
                active: AtomicUsize::new(0),
                frames: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
                core: Mutex::default(),
            }
        })
    }

    fn input(inner: &Weak<Self>, index: usize) -> gst::Pad {
        let (frames, events) = (inner.clone(), inner.clone());
        pad::sink(if index == 0 { "first" } else { "second" })
            .chain_function(move |_, _, buffer| frames.upgrade().ok_or(gst::FlowError::Flushing)?.take(index, buffer))
            .event_function(move |_, _, event| {
                if let Some(inner) = events.upgrade() {
                    inner.take_event(index, event);
                }
                true
            })
            .build()
    }

    /// The pad that takes what passes at the moment.
    fn source(&self) -> &gst::Pad {
        &self.inputs[self.active.load(Relaxed)]
    }

    fn take(&self, index: usize, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.active.load(Relaxed) == index {
            self.take_active(index, buffer)
        } else {
            self.take_other(index, buffer)
        }
    }

    fn take_active(&self, index: usize, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut core = lock(&self.core);
        if self.active.load(Relaxed) != index {
            // The other one has taken over at this moment.
            return Err(gst::FlowError::Eos);
        }
        if core.paused.is_some_and(|since| since.elapsed() < LONGEST_PAUSE) {
            return Ok(gst::FlowSuccess::Ok);
        }
        core.needs_keyframe |= core.paused.take().is_some();
        if core.needs_keyframe && buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) {
            drop(core);
            self.ask_again(index, Reason::Repeat);
            return Ok(gst::FlowSuccess::Ok);
        }
        core.needs_keyframe = false;
        let time = self.time(index, &buffer);
        let waited = std::mem::take(&mut core.waiting);
        let fresh = match &mut core.splice {
            Some(splice) => splice.old(time, buffer),
            None => vec![buffer],
        };
        for buffer in waited.into_iter().chain(fresh) {
            self.pass(&mut core, index, buffer)?;
        }
        Ok(gst::FlowSuccess::Ok)
    }

    /// A frame of the feed that is to take over, or of the one that was.
    fn take_other(&self, index: usize, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        // This thread has others to serve. A keyframe that is missed so is asked for with the next frame.
        let Some(mut core) = self.try_lock() else { return Ok(gst::FlowSuccess::Ok) };
        if core.paused.is_some_and(|since| since.elapsed() < DRAIN) {
            return Ok(gst::FlowSuccess::Ok);
        }
        let time = self.time(index, &buffer);
        let Some(splice) = &mut core.splice else {
            // Nobody waits for it: its tap is about to go.
            return Err(gst::FlowError::Eos);
        };
        let (before, verdict) = splice.fresh(time, keyframe);
        for waited in before {
            self.pass(&mut core, 1 - index, waited)?;
        }
        match verdict {
            // Asked for again with each frame: requests are merged, and one during a keyframe is thought to be answered.
            Verdict::Dropped => {
                // Its first one came while the way was still full.
                let reason = if core.paused.is_some() { Reason::NewTaker } else { Reason::Repeat };
                drop(core);
                self.ask_again(index, reason);
            }
            Verdict::TooLate => {}
            Verdict::TakesOver => {
                (core.splice, core.paused, core.needs_keyframe) = (None, None, false);
                self.active.store(index, Relaxed);
                self.inputs[index].sticky_events_foreach(|event| {
                    if event.type_() != gst::EventType::StreamStart {
                        self.out.push_event(event.clone());
                    }
                    std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
                });
                // The taker sees that this is another beginning.
                let mut buffer = buffer;
                buffer.make_mut().set_flags(gst::BufferFlags::DISCONT);
                self.pass(&mut core, index, buffer)?;
            }
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn pass(&self, core: &mut Core, index: usize, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let (time, bytes) = (self.time(index, &buffer), buffer.size() as u64);
        let passed = self.out.push(buffer)?;
        core.passed = Some(time);
        self.frames.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        Ok(passed)
    }

    /// What is said before frames. That of an input that does not pass is kept by its pad until it does.
    fn take_event(&self, index: usize, event: gst::Event) {
        if let gst::EventView::Segment(segment) = event.view()
            && let Some(segment) = segment.segment().downcast_ref::<gst::ClockTime>()
        {
            *lock(&self.segments[index]) = segment.clone();
        }
        if self.active.load(Relaxed) == index {
            self.out.push_event(event);
        }
    }

    fn ask_again(&self, index: usize, reason: Reason) {
        self.inputs[index].push_event(reason.to_event());
    }

    /// When a frame is to be seen, on the clock that all pipelines share.
    fn time(&self, index: usize, buffer: &gst::BufferRef) -> Duration {
        let time = buffer.pts().and_then(|pts| lock(&self.segments[index]).to_running_time(pts));
        time.map_or(Duration::ZERO, Into::into)
    }

    /// For threads that must not wait: a frame passes just now, perhaps to a taker that hangs.
    fn try_lock(&self) -> Option<MutexGuard<'_, Core>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(core)) => Some(core.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
