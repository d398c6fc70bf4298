//! One clock and one base time for every pipeline, so that running times compare.

use std::sync::Arc;

use gst::prelude::*;
use tokio::sync::watch;

/// The clock and the base time that all pipelines of the process use, and the count of those that hang. Made once, handed
/// to each.
#[derive(Debug, Clone)]
pub struct Clockwork {
    clock: gst::Clock,
    base_time: gst::ClockTime,
    left_behind: Arc<watch::Sender<usize>>,
}

impl Clockwork {
    /// Starts the process's running time at now, on the system clock. Never a device's clock: its
    /// pipeline may die and take it along.
    #[must_use]
    pub fn start() -> Self {
        let clock = gst::SystemClock::obtain();
        let base_time = clock.time();
        Self { clock, base_time, left_behind: Arc::new(watch::Sender::new(0)) }
    }

    /// The running time now, the same in every pipeline.
    #[must_use]
    pub fn running_time(&self) -> gst::ClockTime {
        self.clock.time().saturating_sub(self.base_time)
    }

    /// How many pipelines were to be taken down, were not in time, and hang still.
    #[must_use]
    pub fn left_behind(&self) -> watch::Receiver<usize> {
        self.left_behind.subscribe()
    }

    pub(super) fn leave_behind(&self) {
        self.left_behind.send_modify(|count| *count += 1);
    }

    /// One of those has come down after all.
    pub(super) fn catch_up(&self) {
        self.left_behind.send_modify(|count| *count = count.saturating_sub(1));
    }

    pub(super) fn apply(&self, pipeline: &gst::Pipeline) {
        pipeline.use_clock(Some(&self.clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.base_time);
    }
}
