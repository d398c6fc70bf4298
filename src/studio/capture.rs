//! A source that is captured for as long as somebody takes it.

use super::supervise::{Job, Work};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    source::{Capture, SourceError, Spec, Trust, VideoKind, VideoSpec},
};

/// A source that fills a feed.
#[derive(Debug)]
pub(super) struct CaptureJob {
    pub(super) spec: Spec,
    pub(super) feed: Feed,
    pub(super) clockwork: Clockwork,
    pub(super) trust: Trust,
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
