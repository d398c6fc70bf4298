//! A camera's own H.264 cut into packets, for as long as somebody takes it as it is.

use super::supervise::{Job, Work};
use crate::{
    codec::Codec,
    media::{
        clockwork::Clockwork,
        feed::Feed,
        packetizer::{PacketizeError, Packetizer},
    },
};

/// A payloader that makes packets of an encoded feed.
#[derive(Debug)]
pub(super) struct PacketizeJob {
    pub(super) encoded: Feed,
    pub(super) packets: Feed,
    pub(super) clockwork: Clockwork,
}

impl Job for PacketizeJob {
    /// It delivers while the camera does.
    const LIVE: bool = false;
    type Work = Packetizer;
    async fn begin(&self) -> Result<Packetizer, PacketizeError> {
        Packetizer::start(Codec::H264, &self.encoded, &self.packets, &self.clockwork).await
    }
}

impl Work for Packetizer {
    type Error = PacketizeError;
    async fn failure(&mut self) -> PacketizeError {
        Self::failure(self).await
    }
    async fn stop(self) {
        Self::stop(self).await;
    }
}
