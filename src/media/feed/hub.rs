//! What a feed is behind its handles: who makes, who takes, and what goes from the one to the others.

use std::{
    sync::{
        Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use gst::prelude::*;
use tokio::sync::watch;

use super::Contents;
use crate::media::{
    keyframes::{KeyframeGate, Reason},
    latency::Recent,
    replay::{self, Replay},
    tap::{Frame, Memory, Outlet},
};

/// How far apart frames are that are late behind others: as near as clocks of video tell them apart (RFC 6184: 90 kHz).
const NEXT: gst::ClockTime = gst::ClockTime::from_mseconds(1);

/// What the feed's handles, its taps and the callback of its maker share.
pub(in crate::media) struct Hub {
    pub(super) label: String,
    contents: Contents,
    pub(super) epoch: Instant,
    /// The sink pad of the maker's appsink, where requests for keyframes go.
    pub(super) maker: glib::WeakRef<gst::Pad>,
    /// The same of what stands in for the maker, while it does.
    deputy: glib::WeakRef<gst::Pad>,
    /// Which maker is the present one. An earlier one, stuck and left behind, is not listened to.
    generation: AtomicU64,
    caps: watch::Sender<Option<gst::Caps>>,
    gate: KeyframeGate,
    /// Who takes. Changed by takers; read by the streaming thread when `roster_changed` says so.
    pub(super) roster: Mutex<Vec<Weak<Outlet>>>,
    pub(super) roster_changed: AtomicBool,
    /// The streaming thread's own. Nobody else locks it but a maker that was left behind, or what stands in for the maker.
    rounds: Mutex<Rounds>,
    /// When the maker's last frame came, in ms and one more; 0 before the first.
    made_at: AtomicU64,
    /// When the last keyframe passed, in ms plus one; 0 for never.
    keyframe_at: AtomicU64,
    pub(super) frames: AtomicU64,
    pub(super) keyframes: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) keyframe_requests: AtomicU64,
    /// How long frames took from their capture to the last taker's push.
    pub(super) latency: Recent,
}

/// What the streaming thread goes by.
#[derive(Default)]
struct Rounds {
    routes: Vec<Route>,
    replay: Replay,
    /// Another's frames pass in the maker's place.
    is_stood_in: bool,
    /// The time of the last of those, until the maker's frames are later.
    stood_in_until: Option<gst::ClockTime>,
}

/// One taker, as the streaming thread sees it.
struct Route {
    outlet: Weak<Outlet>,
    memory: Memory,
}

impl Hub {
    pub(super) fn new(label: String, contents: Contents) -> Self {
        Self {
            label,
            contents,
            epoch: Instant::now(),
            maker: glib::WeakRef::new(),
            deputy: glib::WeakRef::new(),
            generation: AtomicU64::new(0),
            caps: watch::Sender::new(None),
            gate: KeyframeGate::default(),
            roster: Mutex::default(),
            roster_changed: AtomicBool::new(false),
            rounds: Mutex::default(),
            made_at: AtomicU64::new(0),
            keyframe_at: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            keyframes: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            keyframe_requests: AtomicU64::new(0),
            latency: Recent::default(),
        }
    }

    pub(in crate::media) fn label(&self) -> &str {
        &self.label
    }

    pub(in crate::media) const fn contents(&self) -> Contents {
        self.contents
    }

    pub(in crate::media) fn caps(&self) -> Option<gst::Caps> {
        self.caps.borrow().clone()
    }

    /// On any thread, streaming threads of takers among them.
    pub(in crate::media) fn request_keyframe(&self, reason: Reason) {
        let merged_elsewhere = self.contents == Contents::Packets;
        if self.has_keyframes() && (merged_elsewhere || self.gate.request(self.epoch.elapsed(), reason)) {
            self.ask_maker(reason);
        }
    }

    /// Whether the next frame will be few enough frames away from a keyframe to begin with that one.
    pub(in crate::media) fn has_replay(&self) -> bool {
        let keyframe_at = self.keyframe_at.load(Relaxed);
        let age = self.ms().saturating_sub(keyframe_at);
        self.contents.are_kept() && keyframe_at > 0 && replay::reaches(Duration::from_millis(age))
    }

    /// From now on `sink` is the maker. Which one it is.
    pub(super) fn adopt(&self, sink: &gst_app::AppSink) -> u64 {
        self.maker.set(sink.static_pad("sink").as_ref());
        self.next_generation()
    }

    pub(super) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Relaxed) + 1
    }

    /// On the streaming thread of one that is to be the next maker: takes over with a keyframe, and is then this one.
    pub(super) fn succeed(&self, sink: &gst_app::AppSink, sample: &gst::Sample, is_keyframe: bool) -> Option<u64> {
        // Taken: the present one hands a frame over at this moment.
        let rounds = if is_keyframe { self.rounds.try_lock().ok() } else { None };
        let (Some(mut rounds), Some(frame)) = (rounds, Frame::new(sample)) else {
            let _ = sink.static_pad("sink").map(|pad| pad.push_event(Reason::NewTaker.to_event()));
            return None;
        };
        let generation = self.adopt(sink);
        self.made_at.store(self.ms(), Relaxed);
        self.count(&frame);
        self.hand_over(&frame, &mut rounds, || sink.current_running_time());
        Some(generation)
    }

    /// On the maker's streaming thread.
    pub(super) fn distribute(
        &self,
        generation: u64,
        sample: &gst::Sample,
        sink: &gst_app::AppSink,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        Frame::new(sample)
            .map_or(Ok(gst::FlowSuccess::Ok), |frame| self.pass(generation, &frame, || sink.current_running_time()))
    }

    /// On the maker's streaming thread. `now` is the running time, where what passes is timed here.
    pub(super) fn pass(
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
        self.made_at.store(self.ms(), Relaxed);
        // Taken already: a maker that was replaced, or what stands in for this one, still hands over its last frame. This one
        // is lost.
        let Ok(mut rounds) = rounds else { return Ok(gst::FlowSuccess::Ok) };
        self.count(frame);
        if rounds.is_stood_in && frame.delta && self.contents.is_encoded() {
            // What stands in is nothing that it could be decoded with.
            if self.gate.request(self.epoch.elapsed(), Reason::Repeat) {
                self.ask(&[&self.maker], Reason::Repeat);
            }
            return Ok(gst::FlowSuccess::Ok);
        }
        if std::mem::take(&mut rounds.is_stood_in) {
            self.deputy.set(None);
        }
        match rounds.stood_in_until.filter(|until| frame.running_time().is_some_and(|time| time <= *until)) {
            None => {
                rounds.stood_in_until = None;
                self.hand_over(frame, &mut rounds, now);
            }
            // Time goes on for takers, whoever made the last one. The next are decoded with this one, so it can't be left out.
            Some(until) if self.contents.is_encoded() => {
                let next = until + NEXT;
                rounds.stood_in_until = Some(next);
                self.hand_over(&frame.shown_at(next), &mut rounds, now);
            }
            Some(_) => {}
        }
        Ok(gst::FlowSuccess::Ok)
    }

    /// On the streaming thread of one that stands in for the maker: hands its frame over, if the maker has been silent for
    /// so long. It is none of the maker's, and not counted as such. It begins with a keyframe, and goes on until the maker has
    /// one.
    pub(super) fn stand_in(&self, sink: &gst_app::AppSink, sample: &gst::Sample, patience: Duration) {
        let (Some(frame), Ok(mut rounds)) = (Frame::new(sample), self.rounds.try_lock()) else { return };
        let silent_since = self.made_at.load(Relaxed);
        let is_silent = silent_since == 0 || self.ms().saturating_sub(silent_since) > patience.as_millis() as u64;
        let goes_on = rounds.is_stood_in && self.contents.is_encoded();
        if !(is_silent || goes_on) {
            return;
        }
        if !rounds.is_stood_in {
            let pad = sink.static_pad("sink");
            if frame.delta {
                let _ = pad.map(|pad| pad.push_event(Reason::NewTaker.to_event()));
                return;
            }
            self.deputy.set(pad.as_ref());
            rounds.is_stood_in = true;
        }
        rounds.stood_in_until = frame.running_time();
        self.hand_over(&frame, &mut rounds, || None);
    }

    /// When the maker's last frame came, in ms since the feed was made; `None` before the first.
    pub(super) fn made_at(&self) -> Option<Duration> {
        self.made_at.load(Relaxed).checked_sub(1).map(Duration::from_millis)
    }

    fn ms(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64 + 1
    }

    fn hand_over(&self, frame: &Frame, rounds: &mut Rounds, now: impl Fn() -> Option<gst::ClockTime>) {
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
        let keeps_pictures = self.contents.are_kept() && self.has_keyframes();
        let keeps_sound = self.contents == Contents::Received && !keeps_pictures;
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
        } else if keeps_pictures {
            rounds.replay.note(frame, self.epoch.elapsed());
        }
        if pushed && let (Some(now), Some(captured)) = (now(), frame.running_time()) {
            self.latency.record(self.epoch.elapsed(), now.saturating_sub(captured).into());
        }
        if !frame.delta {
            self.gate.satisfied();
            self.keyframe_at.store(self.ms(), Relaxed);
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
        self.ask(&[&self.deputy, &self.maker], reason);
    }

    /// Asks the first of these that listens.
    fn ask(&self, makers: &[&glib::WeakRef<gst::Pad>], reason: Reason) {
        let mut listening = makers.iter().filter_map(|maker| maker.upgrade());
        if listening.any(|pad| pad.push_event(reason.to_event())) {
            self.keyframe_requests.fetch_add(1, Relaxed);
        } else {
            self.gate.undelivered(reason);
        }
    }
}
