//! One encoder that runs for an encode, and what is known of how it does.

use std::time::{Duration, Instant};

use super::encode::EncodeJob;
use crate::{
    encoder::{self, EncodeError, Encoding, Health, Shortfall, Target, Throughput},
    quality::steady::Steady,
    units::Bitrate,
};

/// The least time between two bitrates that one is told that makes a keyframe at each: another one a second costs it a
/// tenth of its bitrate, and a link that got worse can wait that long, as its queue takes it up.
const APART: Duration = Duration::from_secs(1);

/// One candidate that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) index: usize,
    pub(super) encoding: Encoding,
    health: Health,
    throughput: Throughput,
    /// On the bench's clock.
    pub(super) since: Duration,
    /// Its bitrate, where each change costs a keyframe.
    pace: Option<Steady>,
}

impl Running {
    /// Starts the candidate at `index`.
    pub(super) async fn start(job: &EncodeJob, index: usize, bitrate: Bitrate) -> Result<Self, EncodeError> {
        let encoder = job.bench.encoder(index);
        let target = Target { bitrate, picture: job.bench.picture() };
        let encoding = Encoding::start(encoder, &target, &job.raw, &job.encoded, &job.clockwork).await?;
        job.bench.started(index);
        let since = job.bench.now();
        let pace = encoder.row.bitrate.begins_anew.then(|| Steady::apart(bitrate, APART));
        let (health, throughput) = (Health::of(encoder, since, encoder::held_up()), Throughput::new(since));
        Ok(Self { index, encoding, health, throughput, since, pace })
    }

    /// Brings it to `bitrate`, now or when it is time.
    pub(super) fn follow(&mut self, bitrate: Bitrate) {
        match &mut self.pace {
            None => self.encoding.set_bitrate(bitrate),
            Some(pace) => {
                pace.want(bitrate);
                self.settle();
            }
        }
    }

    /// Tells it a bitrate that had to wait, if it is time.
    pub(super) fn settle(&mut self) {
        if let Some(pace) = &mut self.pace
            && pace.settle(Instant::now())
        {
            self.encoding.set_bitrate(pace.bitrate());
        }
    }

    /// Says in the log that it is too slow, once.
    pub(super) fn complain(&mut self, job: &EncodeJob) {
        // Of sound, what comes is not counted in what goes.
        if job.bench.picture().is_some()
            && let Some(Shortfall { made, wanted }) = self.throughput.look(job.bench.now(), self.encoding.reading())
        {
            tracing::warn!(
                what = job.label,
                element = job.element(self.index),
                made,
                wanted,
                "an encoder is too slow: of the frames that come each second, not all can be encoded here; a smaller size or \
                 fps of the source helps, or a device ('peergate doctor --encoders' says what there is)"
            );
        }
    }

    /// Why it has to be replaced, if it has to.
    pub(super) fn illness(&mut self, job: &EncodeJob) -> Option<EncodeError> {
        let illness = self.health.look(job.bench.now(), self.encoding.reading(), encoder::held_up())?;
        Some(EncodeError::Failed { element: job.element(self.index), why: illness.to_string() })
    }
}
