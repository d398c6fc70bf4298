//! A source that is captured for as long as somebody takes it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::supervise::{Job, Work};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    source::{self, Capture, ResetError, SourceError, Spec, Trust, VideoKind, VideoSpec},
};

/// A source that fills a feed.
#[derive(Debug)]
pub(super) struct CaptureJob {
    pub(super) spec: Spec,
    pub(super) feed: Feed,
    pub(super) clockwork: Clockwork,
    pub(super) trust: Trust,
    /// It has been said that the camera may not be reset.
    pub(super) was_denied: AtomicBool,
}

impl Job for CaptureJob {
    const LIVE: bool = true;
    type Work = Capture;
    fn remedy(&self) -> &'static str {
        match &self.spec {
            Spec::Video(VideoSpec { kind: VideoKind::Camera { .. } | VideoKind::H264Camera { .. }, .. }) => {
                "; unplugging the camera may help"
            }
            _ => "",
        }
    }
    fn is_absent(&self, error: &SourceError) -> bool {
        // Of pictures that is known before anything is started. Whether there is sound is asked of a server.
        let is_absent = matches!(error, SourceError::Missing { .. } | SourceError::Unreachable { .. });
        is_absent && matches!(self.spec, Spec::Video(_))
    }
    fn is_mendable(&self, error: &SourceError) -> bool {
        use SourceError::{Broken, Ended, Failed, State};
        matches!(error, Broken { .. } | Ended | Failed(_) | State(_))
    }
    async fn last_resort(&self) -> Option<&'static str> {
        match source::reset(&self.spec).await? {
            Ok(camera) => {
                tracing::warn!(camera, "its USB port was reset, as starting it again did not help");
                Some("its USB port was reset")
            }
            Err(error @ ResetError::Denied { .. }) => {
                if !self.was_denied.swap(true, Relaxed) {
                    tracing::warn!(%error, "starting a camera again does not help");
                }
                None
            }
            Err(error) => {
                tracing::warn!(%error, "starting a camera again does not help");
                None
            }
        }
    }
    async fn begin(&self) -> Result<Capture, SourceError> {
        Capture::start(&self.spec, &self.feed, &self.clockwork, &self.trust).await
    }
}

impl Work for Capture {
    type Error = SourceError;
    async fn failure(&mut self) -> SourceError {
        Self::failure(self).await
    }
    async fn stop(self) {
        Self::stop(self).await;
    }
}
