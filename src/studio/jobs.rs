//! What the studio's tasks look after: captures and encodings.

use super::supervise::{Job, Work};
use crate::{
    encoder::{EncodeError, Encoder, Encoding},
    media::{clockwork::Clockwork, feed::Feed},
    source::{Capture, SourceError, Spec, VideoKind, VideoSpec},
    units::Bitrate,
};

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
    pub(super) bitrate: Bitrate,
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
    type Work = Encoding;
    async fn begin(&self) -> Result<Encoding, EncodeError> {
        Encoding::start(&self.encoder, self.bitrate, &self.raw, &self.encoded, &self.clockwork).await
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

impl Work for Encoding {
    type Error = EncodeError;
    async fn failure(&mut self) -> EncodeError {
        Self::failure(self).await
    }
    async fn stop(self) {
        Self::stop(self).await;
    }
}
