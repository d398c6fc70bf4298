//! A feed: the stable place between a pipeline that makes frames and the many that take them.
//!
//! A source or an encoder may die and come back behind it; takers notice a gap and nothing else. Frames
//! are handed over on the maker's own streaming thread, ref-counted, never copied.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use gst::prelude::*;
use tokio::sync::watch;

use super::{
    keyframes::{KeyframeGate, Reason},
    latency::{Histogram, Recent},
    maker::{self, Maker},
    replay::{self, Replay},
    tap::{Frame, Memory, Outlet, Tap},
};

/// What a feed carries. It decides whether a taker has to wait for a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Pictures or sound as captured: every frame stands for itself.
    Raw,
    /// Encoded: a taker begins with a keyframe.
    Encoded,
    /// Encoded, and cut into packets: made of another feed, which merges the requests for keyframes.
    Packets,
    /// Encoded elsewhere, and come over the network: a keyframe is dear there, and takers come behind the first.
    Received,
}

impl Contents {
    /// Whether there are frames that can't be decoded without earlier ones.
    pub(super) const fn is_encoded(self) -> bool {
        matches!(self, Self::Encoded | Self::Packets | Self::Received)
    }

    /// Whether a taker can begin with the last keyframe.
    const fn are_kept(self) -> bool {
        matches!(self, Self::Packets | Self::Received)
    }
}

/// What has passed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedCounts {
    /// Frames of video, or buffers of sound.
    pub frames: u64,
    /// Those that were keyframes. Every buffer of sound is one.
    pub keyframes: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Requests for a keyframe that went to the encoder.
    pub keyframe_requests: u64,
}

/// A feed. Clones are the same feed.
#[derive(Clone)]
pub struct Feed {
    hub: Arc<Hub>,
}

/// What the feed's handles, its taps and the callback of its maker share.
pub(super) struct Hub {
    label: String,
    contents: Contents,
    epoch: Instant,
    /// The sink pad of the maker's appsink, where requests for keyframes go.
    maker: glib::WeakRef<gst::Pad>,
    /// Which maker is the present one. An earlier one, stuck and left behind, is not listened to.
    generation: AtomicU64,
    caps: watch::Sender<Option<gst::Caps>>,
    gate: KeyframeGate,
    /// Who takes. Changed by takers; read by the streaming thread when `roster_changed` says so.
    roster: Mutex<Vec<Weak<Outlet>>>,
    roster_changed: AtomicBool,
    /// The streaming thread's own. Nobody else locks it but a maker that was left behind.
    rounds: Mutex<Rounds>,
    /// When the last keyframe passed, in ms plus one; 0 for never.
    keyframe_at: AtomicU64,
    frames: AtomicU64,
    keyframes: AtomicU64,
    bytes: AtomicU64,
    keyframe_requests: AtomicU64,
    /// How long frames took from their capture to the last taker's push.
    latency: Recent,
}

/// The right to fill a feed with frames that come from no appsink.
#[derive(Clone)]
pub(super) struct Writer {
    hub: Weak<Hub>,
    generation: u64,
}

/// What the streaming thread goes by.
#[derive(Default)]
struct Rounds {
    routes: Vec<Route>,
    replay: Replay,
}

/// One taker, as the streaming thread sees it.
struct Route {
    outlet: Weak<Outlet>,
    memory: Memory,
}

impl Feed {
    /// A feed without a maker and without takers. `label` is for people.
    #[must_use]
    pub fn new(label: impl Into<String>, contents: Contents) -> Self {
        Self {
            hub: Arc::new(Hub {
                label: label.into(),
                contents,
                epoch: Instant::now(),
                maker: glib::WeakRef::new(),
                generation: AtomicU64::new(0),
                caps: watch::Sender::new(None),
                gate: KeyframeGate::default(),
                roster: Mutex::default(),
                roster_changed: AtomicBool::new(false),
                rounds: Mutex::default(),
                keyframe_at: AtomicU64::new(0),
                frames: AtomicU64::new(0),
                keyframes: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
                keyframe_requests: AtomicU64::new(0),
                latency: Recent::default(),
            }),
        }
    }

    /// Makes `sink` the maker of this feed, in place of any earlier one. It must not sync to the clock nor
    /// wait for preroll; both are set here.
    pub fn ingress(&self, sink: &gst_app::AppSink) {
        let generation = self.hub.adopt(sink);
        let hub = Arc::downgrade(&self.hub);
        maker::prepare(sink, move |sink, sample| {
            let hub = hub.upgrade().ok_or(gst::FlowError::Eos)?;
            hub.distribute(generation, sample, sink)
        });
    }

    /// Makes `sink` the maker of this feed with its first keyframe. Until then the present one goes on, and takers see
    /// no gap but that between two frames.
    pub fn succession(&self, sink: &gst_app::AppSink) -> Maker {
        let maker = Maker::default();
        let (hub, made) = (Arc::downgrade(&self.hub), maker.clone());
        let mut generation = None;
        maker::prepare(sink, move |sink, sample| {
            let hub = hub.upgrade().ok_or(gst::FlowError::Eos)?;
            let is_keyframe = made.count(sample);
            if let Some(generation) = generation {
                return hub.distribute(generation, sample, sink);
            }
            generation = hub.succeed(sink, sample, is_keyframe);
            made.take_over(generation.is_some());
            Ok(gst::FlowSuccess::Ok)
        });
        maker
    }

    /// The right to fill it, in place of any earlier maker.
    pub(super) fn writer(&self) -> Writer {
        Writer { hub: Arc::downgrade(&self.hub), generation: self.hub.next_generation() }
    }

    /// A new taker. It takes nothing before it is linked.
    #[must_use]
    pub fn tap(&self, label: impl Into<String>) -> Tap {
        let tap = Tap::new(label.into(), &self.hub);
        let mut roster = self.hub.roster.lock().unwrap_or_else(PoisonError::into_inner);
        roster.retain(|outlet| outlet.strong_count() > 0);
        roster.push(tap.outlet());
        drop(roster);
        self.hub.roster_changed.store(true, Relaxed);
        tap
    }

    /// The caps of what passes; `None` before the first frame.
    #[must_use]
    pub fn caps(&self) -> Option<gst::Caps> {
        self.hub.caps()
    }

    /// What has passed so far.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        FeedCounts {
            frames: self.hub.frames.load(Relaxed),
            keyframes: self.hub.keyframes.load(Relaxed),
            bytes: self.hub.bytes.load(Relaxed),
            keyframe_requests: self.hub.keyframe_requests.load(Relaxed),
        }
    }

    /// How long the frames of the last 5 to 10 s took from their capture until all direct takers had them. Takers with a
    /// thread of their own are not waited for, and not counted.
    #[must_use]
    pub fn latency(&self) -> Histogram {
        self.hub.latency.read(self.hub.epoch.elapsed())
    }
}

impl Writer {
    /// Requests for keyframes leave upstream from this sink pad.
    pub(super) fn hears_on(&self, pad: &gst::Pad) {
        if let Some(hub) = self.hub.upgrade() {
            hub.maker.set(Some(pad));
        }
    }

    /// Hands a frame to all who take, on the caller's thread.
    ///
    /// # Errors
    /// When there is another maker by now, or the feed is gone.
    pub(super) fn write(&self, frame: &Frame) -> Result<gst::FlowSuccess, gst::FlowError> {
        // Where it comes from, it is timed already.
        self.hub.upgrade().ok_or(gst::FlowError::Eos)?.pass(self.generation, frame, || None)
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("label", &self.hub.label).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Hub {
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) const fn contents(&self) -> Contents {
        self.contents
    }

    pub(super) fn caps(&self) -> Option<gst::Caps> {
        self.caps.borrow().clone()
    }

    /// On any thread, streaming threads of takers among them.
    pub(super) fn request_keyframe(&self, reason: Reason) {
        let merged_elsewhere = self.contents == Contents::Packets;
        if self.has_keyframes() && (merged_elsewhere || self.gate.request(self.epoch.elapsed(), reason)) {
            self.ask_maker(reason);
        }
    }

    /// Whether the next frame will be few enough frames away from a keyframe to begin with that one.
    pub(super) fn has_replay(&self) -> bool {
        let keyframe_at = self.keyframe_at.load(Relaxed);
        let age = (self.epoch.elapsed().as_millis() as u64 + 1).saturating_sub(keyframe_at);
        self.contents.are_kept() && keyframe_at > 0 && replay::reaches(Duration::from_millis(age))
    }

    /// From now on `sink` is the maker. Which one it is.
    fn adopt(&self, sink: &gst_app::AppSink) -> u64 {
        self.maker.set(sink.static_pad("sink").as_ref());
        self.next_generation()
    }

    fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Relaxed) + 1
    }

    /// On the streaming thread of one that is to be the next maker: takes over with a keyframe, and is then this one.
    fn succeed(&self, sink: &gst_app::AppSink, sample: &gst::Sample, is_keyframe: bool) -> Option<u64> {
        // Taken: the present one hands a frame over at this moment.
        let rounds = if is_keyframe { self.rounds.try_lock().ok() } else { None };
        let (Some(mut rounds), Some(frame)) = (rounds, Frame::new(sample)) else {
            let _ = sink.static_pad("sink").map(|pad| pad.push_event(Reason::NewTaker.to_event()));
            return None;
        };
        let generation = self.adopt(sink);
        self.hand_over(&frame, &mut rounds, || sink.current_running_time());
        Some(generation)
    }

    /// On the maker's streaming thread.
    fn distribute(
        &self,
        generation: u64,
        sample: &gst::Sample,
        sink: &gst_app::AppSink,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        Frame::new(sample)
            .map_or(Ok(gst::FlowSuccess::Ok), |frame| self.pass(generation, &frame, || sink.current_running_time()))
    }

    /// On the maker's streaming thread. `now` is the running time, where what passes is timed here.
    fn pass(
        &self,
        generation: u64,
        frame: &Frame,
        now: impl Fn() -> Option<gst::ClockTime>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let rounds = self.rounds.try_lock();
        // Looked at with the list in hand: nothing of an earlier maker may come after a frame of the present one.
        if generation != self.generation.load(Relaxed) {
            return Err(gst::FlowError::Eos);
        }
        // Taken already: a maker that was replaced still hands over its last frame. This one is lost.
        let Ok(mut rounds) = rounds else { return Ok(gst::FlowSuccess::Ok) };
        self.hand_over(frame, &mut rounds, now);
        Ok(gst::FlowSuccess::Ok)
    }

    fn hand_over(&self, frame: &Frame, rounds: &mut Rounds, now: impl Fn() -> Option<gst::ClockTime>) {
        self.count(frame);
        self.caps.send_if_modified(|caps| {
            let changed = caps.as_ref() != Some(&frame.caps);
            if changed {
                *caps = Some(frame.caps.clone());
            }
            changed
        });
        if self.roster_changed.load(Relaxed) {
            self.read_roster(&mut rounds.routes);
        }
        let has_keyframes = self.has_keyframes();
        let keeps_sound = self.contents == Contents::Received && !has_keyframes;
        let mut pushed = false;
        for route in &mut rounds.routes {
            if let Some(outlet) = route.outlet.upgrade() {
                if (frame.delta || keeps_sound) && outlet.begins_with_replay() {
                    for earlier in rounds.replay.frames(self.epoch.elapsed()) {
                        outlet.offer(earlier, &mut route.memory, self.epoch.elapsed());
                    }
                }
                pushed |= outlet.offer(frame, &mut route.memory, self.epoch.elapsed());
            }
        }
        if keeps_sound {
            rounds.replay.note_sound(frame, self.epoch.elapsed());
        } else if self.contents.are_kept() && has_keyframes {
            rounds.replay.note(frame, self.epoch.elapsed());
        }
        if pushed && let (Some(now), Some(captured)) = (now(), frame.running_time()) {
            self.latency.record(self.epoch.elapsed(), now.saturating_sub(captured).into());
        }
        if !frame.delta {
            self.gate.satisfied();
            self.keyframe_at.store(self.epoch.elapsed().as_millis() as u64 + 1, Relaxed);
        } else if self.gate.due(self.epoch.elapsed()) {
            self.ask_maker(Reason::Repeat);
        }
    }

    /// Takes over who came and forgets who went. A roster that is being changed is read at the next frame.
    fn read_roster(&self, routes: &mut Vec<Route>) {
        let Ok(roster) = self.roster.try_lock() else { return };
        self.roster_changed.store(false, Relaxed);
        routes.retain(|route| route.outlet.strong_count() > 0);
        for outlet in roster.iter() {
            if !routes.iter().any(|route| route.outlet.ptr_eq(outlet)) {
                routes.push(Route { outlet: outlet.clone(), memory: Memory::default() });
            }
        }
    }

    fn count(&self, frame: &Frame) {
        self.frames.fetch_add(1, Relaxed);
        self.keyframes.fetch_add(u64::from(!frame.delta), Relaxed);
        self.bytes.fetch_add(frame.buffer.size() as u64, Relaxed);
    }

    fn has_keyframes(&self) -> bool {
        self.contents.is_encoded()
            && !self
                .caps
                .borrow()
                .as_ref()
                .and_then(|caps| caps.structure(0))
                .is_some_and(|s| s.name().starts_with("audio/") || s.get("media") == Ok("audio"))
    }

    fn ask_maker(&self, reason: Reason) {
        if self.maker.upgrade().is_some_and(|pad| pad.push_event(reason.to_event())) {
            self.keyframe_requests.fetch_add(1, Relaxed);
        } else {
            self.gate.undelivered(reason);
        }
    }
}
