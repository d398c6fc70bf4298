//! A feed: the stable place between a pipeline that makes frames and the many that take them.
//!
//! A source or an encoder may die and come back behind it; takers notice a gap, or what stands in for it, and nothing else. Frames
//! are handed over on the maker's own streaming thread, ref-counted, never copied.

mod hub;

use std::{
    fmt,
    sync::{Arc, PoisonError, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};

pub(super) use self::hub::Hub;
use super::{
    latency::Histogram,
    maker::{self, Maker},
    tap::{Frame, Tap},
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

/// The right to fill a feed with frames that come from no appsink.
#[derive(Clone)]
pub(super) struct Writer {
    hub: Weak<Hub>,
    generation: u64,
}

impl Feed {
    /// A feed without a maker and without takers. `label` is for people.
    #[must_use]
    pub fn new(label: impl Into<String>, contents: Contents) -> Self {
        Self { hub: Arc::new(Hub::new(label.into(), contents)) }
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

    /// Has `sink` fill the feed while its maker is silent for longer than `patience`. Its frames are not counted; with the
    /// maker's next one, or next keyframe where there are such, it is the maker's again.
    pub fn stand_in(&self, sink: &gst_app::AppSink, patience: Duration) -> Maker {
        let (hub, maker) = (Arc::downgrade(&self.hub), Maker::default());
        let made = maker.clone();
        maker::prepare(sink, move |sink, sample| {
            made.count(sample);
            hub.upgrade().ok_or(gst::FlowError::Eos)?.stand_in(sink, sample, patience);
            Ok(gst::FlowSuccess::Ok)
        });
        maker
    }

    /// For how long its maker has been silent; `None` where it never made anything.
    #[must_use]
    pub fn silent_for(&self) -> Option<Duration> {
        Some(self.hub.epoch.elapsed().saturating_sub(self.hub.made_at()?))
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
