//! A source that is captured for as long as somebody takes it.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::sync::watch;

use super::supervise::{Job, Work};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    source::{self, Capture, ResetError, SoundServer, SourceError, Spec, Trust, VideoKind, VideoSpec, sound_server},
};

/// A source that fills a feed.
#[derive(Debug)]
pub(super) struct CaptureJob {
    /// It may be another one each time that it begins.
    pub(super) spec: watch::Receiver<Spec>,
    pub(super) feed: Feed,
    pub(super) clockwork: Clockwork,
    pub(super) trust: Trust,
    pub(super) sound_server: SoundServer,
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
        self.tell(source::reset(&spec).await?)
    }
    async fn begin(&self) -> Result<Capture, SourceError> {
        let spec = self.spec.borrow().clone();
        Capture::start(&spec, &self.feed, &self.clockwork, &self.trust, &self.sound_server).await
    }
}

impl CaptureJob {
    /// Says what came of a reset; that the system does not let us, once. What was done, if anything was.
    fn tell(&self, reset: Result<String, ResetError>) -> Option<&'static str> {
        match reset {
            Ok(camera) => {
                tracing::warn!(camera, "its USB port was reset, as starting it again did not help");
                return Some("its USB port was reset");
            }
            Err(ResetError::Denied { .. }) if self.was_denied.swap(true, Relaxed) => {}
            Err(error) => tracing::warn!(%error, "starting a camera again does not help"),
        }
        None
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
    use std::{fs, sync::Arc};

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

    fn job(spec: watch::Receiver<Spec>) -> CaptureJob {
        let (feed, clockwork) = (Feed::new("tone", Contents::Raw), Clockwork::start());
        let (trust, sound_server, was_denied) = (Trust::default(), SoundServer::default(), AtomicBool::default());
        CaptureJob { spec, feed, clockwork, trust, sound_server, was_denied }
    }

    #[test]
    fn that_a_camera_may_not_be_reset_is_said_once_with_what_helps() {
        gst::init().unwrap();
        let log = tempfile::NamedTempFile::new().unwrap();
        let writer = Arc::new(log.reopen().unwrap());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        let job = job(watch::channel(tone("sine")).1);
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                let node = "/dev/bus/usb/001/017".to_owned();
                let denied = ResetError::Denied { node, vendor: "046d".to_owned(), product: "082d".to_owned() };
                assert_eq!(job.tell(Err(denied)), None);
            }
            assert!(job.tell(Ok("Front Camera".to_owned())).is_some());
        });
        let log = fs::read_to_string(log.path()).unwrap();
        let told: Vec<_> = log.lines().filter(|line| line.contains("may not reset /dev/bus/usb/001/017")).collect();
        let [told] = told[..] else { panic!("said once:\n{log}") };
        let helps = ["WARN", "docs/troubleshooting.md", "ATTR{idVendor}==\"046d\"", "ATTR{idProduct}==\"082d\""];
        assert!(helps.iter().all(|part| told.contains(part)), "{told}");
        assert!(log.contains("its USB port was reset"), "{log}");
    }

    #[test]
    fn what_is_changed_while_it_begins_is_not_missed() {
        gst::init().unwrap();
        let (now, spec) = watch::channel(tone("sine"));
        let job = job(spec);
        let unchanged = job.renewal();
        assert!(unchanged.now_or_never().is_none());
        let renewal = job.renewal();
        now.send_replace(tone("square"));
        assert!(renewal.now_or_never().is_some());
    }
}
