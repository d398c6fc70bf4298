//! What the studio's tasks look after: captures and encodings.

use tokio::sync::watch;

use super::supervise::{Job, Work};
use crate::{
    encoder::{EncodeError, Encoder, Encoding, Picture, Target},
    media::{clockwork::Clockwork, feed::Feed},
    source::{Capture, SourceError, Spec, VideoKind, VideoSpec},
    units::Bitrate,
};

/// An encoder that runs, and the bitrate that it is to have.
#[derive(Debug)]
pub(super) struct Encode {
    encoding: Encoding,
    bitrate: watch::Receiver<Bitrate>,
}

/// A source that fills a raw feed.
#[derive(Debug)]
pub(super) struct CaptureJob {
    pub(super) spec: Spec,
    pub(super) raw: Feed,
    pub(super) clockwork: Clockwork,
}

/// An encoder that makes an encoded feed of a raw one.
#[derive(Debug)]
pub(super) struct EncodeJob {
    pub(super) encoder: Encoder,
    pub(super) picture: Option<Picture>,
    /// Followed while it runs.
    pub(super) bitrate: watch::Receiver<Bitrate>,
    pub(super) raw: Feed,
    pub(super) encoded: Feed,
    pub(super) clockwork: Clockwork,
}

impl Job for CaptureJob {
    const LIVE: bool = true;
    type Work = Capture;
    fn remedy(&self) -> &'static str {
        match &self.spec {
            Spec::Video(VideoSpec { kind: VideoKind::Camera { .. }, .. }) => "; unplugging the camera may help",
            _ => "",
        }
    }
    async fn begin(&self) -> Result<Capture, SourceError> {
        Capture::start(&self.spec, &self.raw, &self.clockwork).await
    }
}

impl Job for EncodeJob {
    /// It delivers while its source does.
    const LIVE: bool = false;
    type Work = Encode;
    async fn begin(&self) -> Result<Encode, EncodeError> {
        let mut bitrate = self.bitrate.clone();
        let target = Target { bitrate: *bitrate.borrow_and_update(), picture: self.picture };
        let encoding = Encoding::start(&self.encoder, &target, &self.raw, &self.encoded, &self.clockwork).await?;
        Ok(Encode { encoding, bitrate })
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

impl Work for Encode {
    type Error = EncodeError;
    async fn failure(&mut self) -> EncodeError {
        let Self { encoding, bitrate } = self;
        loop {
            tokio::select! {
                error = encoding.failure() => return error,
                Ok(()) = bitrate.changed() => {}
            }
            encoding.set_bitrate(*bitrate.borrow_and_update());
        }
    }
    async fn stop(self) {
        self.encoding.stop().await;
    }
}
