//! The pictures of a camera that is passed through, for as long as somebody encodes them.

use super::{
    demand::{Demand, Taken},
    supervise::{Job, Work},
};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    source::{Decoding, SourceError, VideoSpec},
};

/// A decoder that makes a raw feed of a camera's own H.264.
#[derive(Debug)]
pub(super) struct DecodeJob {
    pub(super) video: VideoSpec,
    pub(super) encoded: Feed,
    /// For the camera.
    pub(super) camera: Demand,
    pub(super) raw: Feed,
    pub(super) clockwork: Clockwork,
}

/// A decoder that runs, and the camera with it.
#[derive(Debug)]
pub(super) struct Decode {
    decoding: Decoding,
    _camera: Taken,
}

impl Job for DecodeJob {
    /// It delivers while the camera does.
    const LIVE: bool = false;
    type Work = Decode;
    async fn begin(&self) -> Result<Decode, SourceError> {
        let camera = self.camera.take();
        let decoding = Decoding::start(&self.video, &self.encoded, &self.raw, &self.clockwork).await?;
        Ok(Decode { decoding, _camera: camera })
    }
}

impl Work for Decode {
    type Error = SourceError;
    async fn failure(&mut self) -> SourceError {
        self.decoding.failure().await
    }
    async fn stop(self) {
        self.decoding.stop().await;
    }
}
