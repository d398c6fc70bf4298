//! A tap: one taker of a [`Feed`](super::feed::Feed). It is a source pad outside of any pipeline, linked to a sink
//! pad of the taker's own.

mod outlet;
mod port;

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use gst::prelude::*;

use self::port::{Beginning, Port};
pub(super) use self::{
    outlet::{Memory, Outlet},
    port::Frame,
};
use super::feed::Hub;

/// On which thread a tap pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// On the feed's. The cheapest, for what does not block. A tap that blocks nevertheless becomes `Threaded` by
    /// itself, and `Direct` again when it has kept up for 10 s.
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

/// How many frames a tap has dropped, for who takes from it.
#[derive(Debug, Clone)]
pub struct Drops(Arc<AtomicU64>);

impl Drops {
    /// So many so far, because the taker did not keep up.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
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

impl Tap {
    pub(super) fn new(label: String, hub: &Arc<Hub>) -> Self {
        Self { outlet: Arc::new(Outlet::new(Port::new(label, hub))) }
    }

    pub(super) fn outlet(&self) -> Weak<Outlet> {
        Arc::downgrade(&self.outlet)
    }

    /// Links it to `sink`, in place of what it was linked to, and asks for a keyframe to begin with.
    ///
    /// # Errors
    /// When the pad does not take what the feed carries, or is linked already.
    pub fn link(&self, sink: &gst::Pad) -> Result<(), LinkError> {
        self.link_from(sink, Beginning::NextKeyframe)
    }

    /// Like [`Self::link`], for one that can take several frames at once: where the last keyframe is recent, it begins with
    /// that and all that came after it, and nobody waits for another.
    ///
    /// # Errors
    /// When the pad does not take what the feed carries, or is linked already.
    pub fn link_at_once(&self, sink: &gst::Pad) -> Result<(), LinkError> {
        self.link_from(sink, Beginning::LastKeyframe)
    }

    fn link_from(&self, sink: &gst::Pad, beginning: Beginning) -> Result<(), LinkError> {
        let port = &self.outlet.port;
        port.unlink();
        port.pad.link(sink).map_err(|error| LinkError {
            tap: port.label.clone(),
            feed: port.hub.upgrade().map_or_else(String::new, |hub| hub.label().to_owned()),
            sink: sink.path_string().to_string(),
            why: error.to_string(),
        })?;
        port.begin(beginning);
        Ok(())
    }

    /// Unlinks it. It takes nothing until it is linked again.
    pub fn unlink(&self) {
        self.outlet.port.unlink();
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

    /// What it drops from now on, and has dropped.
    #[must_use]
    pub fn drops(&self) -> Drops {
        Drops(Arc::clone(&self.outlet.port.dropped))
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
