//! One clock and one base time for every pipeline, so that running times compare.

use gst::prelude::*;

/// The clock and the base time that all pipelines of the process use. Made once, handed to each.
#[derive(Debug, Clone)]
pub struct Clockwork {
    clock: gst::Clock,
    base_time: gst::ClockTime,
}

impl Clockwork {
    /// Starts the process's running time at now, on the system clock. Never a device's clock: its
    /// pipeline may die and take it along.
    #[must_use]
    pub fn start() -> Self {
        let clock = gst::SystemClock::obtain();
        let base_time = clock.time();
        Self { clock, base_time }
    }

    /// The running time now, the same in every pipeline.
    #[must_use]
    pub fn running_time(&self) -> gst::ClockTime {
        self.clock.time().saturating_sub(self.base_time)
    }

    pub(super) fn apply(&self, pipeline: &gst::Pipeline) {
        pipeline.use_clock(Some(&self.clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.base_time);
    }
}
