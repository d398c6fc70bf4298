//! A source that is captured for as long as somebody takes it.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::sync::watch;

use super::supervise::{Job, Work};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    source::{self, Capture, ResetError, SourceError, Spec, Trust, VideoKind, VideoSpec, sound_server},
};

/// A source that fills a feed.
#[derive(Debug)]
pub(super) struct CaptureJob {
    /// It may be another one each time that it begins.
    pub(super) spec: watch::Receiver<Spec>,
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
        match &*self.spec.borrow() {
            Spec::Video(VideoSpec { kind: VideoKind::Camera { .. } | VideoKind::H264Camera { .. }, .. }) => {
                "; unplugging the camera may help"
            }
            _ => "",
        }
    }
    fn is_absent(&self, error: &SourceError) -> bool {
        // Of pictures that is known before anything is started. Whether there is sound is asked of a server.
        let is_absent = matches!(error, SourceError::Missing { .. } | SourceError::Unreachable { .. });
        is_absent && matches!(*self.spec.borrow(), Spec::Video(_))
    }
    async fn comes_back(&self) {
        let is_of_sound_server = self.spec.borrow().is_of_sound_server();
        if is_of_sound_server { sound_server::returns().await } else { pending().await }
    }
    fn renewal(&self) -> impl Future<Output = ()> + Send {
        // What it is now, and not when this is first waited for: a camera takes seconds to begin.
        let (begun, mut spec) = (self.spec.borrow().clone(), self.spec.clone());
        async move {
            if spec.wait_for(|spec| *spec != begun).await.is_err() {
                // It is no more; whoever runs it hears of that.
                pending().await
            }
        }
    }
    fn is_mendable(&self, error: &SourceError) -> bool {
        use SourceError::{Broken, Ended, Failed, State};
        matches!(error, Broken { .. } | Ended | Failed(_) | State(_))
    }
    async fn last_resort(&self) -> Option<&'static str> {
        let spec = self.spec.borrow().clone();
        match source::reset(&spec).await? {
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
        let spec = self.spec.borrow().clone();
        Capture::start(&spec, &self.feed, &self.clockwork, &self.trust).await
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::{
        ids::SourceName,
        media::feed::Contents,
        source::{AudioKind, AudioSpec},
    };

    fn tone(wave: &str) -> Spec {
        let kind = AudioKind::Test { wave: wave.to_owned() };
        Spec::Audio(AudioSpec { name: SourceName::new("tone").unwrap(), kind, keep: false })
    }

    #[test]
    fn what_is_changed_while_it_begins_is_not_missed() {
        gst::init().unwrap();
        let (now, spec) = watch::channel(tone("sine"));
        let (feed, clockwork) = (Feed::new("tone", Contents::Raw), Clockwork::start());
        let (trust, was_denied) = (Trust::default(), AtomicBool::default());
        let job = CaptureJob { spec, feed, clockwork, trust, was_denied };
        let unchanged = job.renewal();
        assert!(unchanged.now_or_never().is_none());
        let renewal = job.renewal();
        now.send_replace(tone("square"));
        assert!(renewal.now_or_never().is_some());
    }
}
