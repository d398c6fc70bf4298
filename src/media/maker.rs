//! What fills a feed: an appsink at the end of a pipeline.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use gst::prelude::*;

/// One that fills a feed, or is about to: several follow each other. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Maker {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    took_over: AtomicBool,
    frames: AtomicU64,
    keyframes: AtomicU64,
}

impl Maker {
    /// Whether its frames are the feed's, or were before another's.
    #[must_use]
    pub fn took_over(&self) -> bool {
        self.counts.took_over.load(Relaxed)
    }

    /// What it has made so far, whether or not the feed took it: frames, and keyframes among them.
    #[must_use]
    pub fn made(&self) -> (u64, u64) {
        (self.counts.frames.load(Relaxed), self.counts.keyframes.load(Relaxed))
    }

    pub(super) fn take_over(&self, did: bool) {
        self.counts.took_over.store(did, Relaxed);
    }

    /// Whether it is a keyframe.
    pub(super) fn count(&self, sample: &gst::Sample) -> bool {
        let delta = sample.buffer().is_some_and(|buffer| buffer.flags().contains(gst::BufferFlags::DELTA_UNIT));
        self.counts.frames.fetch_add(1, Relaxed);
        self.counts.keyframes.fetch_add(u64::from(!delta), Relaxed);
        !delta
    }
}

/// Has `sink` hand each sample to `take` on its streaming thread, as soon as it is there.
pub(crate) fn prepare(
    sink: &gst_app::AppSink,
    mut take: impl FnMut(&gst_app::AppSink, &gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> + Send + 'static,
) {
    sink.set_property("sync", false);
    sink.set_property("async", false);
    sink.set_property("emit-signals", false);
    // A frame waits for nobody but the streaming thread itself.
    sink.set_max_buffers(1);
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        take(sink, &sample)
    });
    sink.set_callbacks(callbacks.build());
}
