//! An encode that goes on for as long as somebody takes it, whichever encoder makes it.

use tokio::sync::watch;

use super::supervise::{Job, Work};
use crate::{
    encoder::{Candidates, EncodeError, Encoding, Picture, Target},
    media::{clockwork::Clockwork, feed::Feed},
    report::Replaced,
    units::Bitrate,
};

/// An encoder that makes an encoded feed of a raw one.
#[derive(Debug)]
pub(super) struct EncodeJob {
    pub(super) candidates: Candidates,
    pub(super) picture: Option<Picture>,
    /// Followed while it runs.
    pub(super) bitrate: watch::Receiver<Bitrate>,
    pub(super) raw: Feed,
    pub(super) encoded: Feed,
    pub(super) clockwork: Clockwork,
    /// Told who encodes.
    pub(super) at_work: watch::Sender<AtWork>,
}

/// Who encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AtWork {
    pub(super) element: String,
    pub(super) replaced: Option<Replaced>,
}

/// An encoder that runs, and the bitrate that it is to have.
#[derive(Debug)]
pub(super) struct Encode {
    encoding: Encoding,
    bitrate: watch::Receiver<Bitrate>,
}

impl AtWork {
    /// The one that begins.
    pub(super) fn first(candidates: &Candidates) -> Self {
        Self { element: candidates.first().row.element.clone(), replaced: None }
    }
}

impl Job for EncodeJob {
    /// It delivers while its source does.
    const LIVE: bool = false;
    type Work = Encode;
    async fn begin(&self) -> Result<Encode, EncodeError> {
        let mut bitrate = self.bitrate.clone();
        let target = Target { bitrate: *bitrate.borrow_and_update(), picture: self.picture };
        let encoder = self.candidates.first();
        let encoding = Encoding::start(encoder, &target, &self.raw, &self.encoded, &self.clockwork).await?;
        let element = encoder.row.element.clone();
        self.at_work.send_if_modified(|shown| {
            let changed = shown.element != element;
            shown.element = element;
            changed
        });
        Ok(Encode { encoding, bitrate })
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
