//! An encode that goes on for as long as somebody takes it, whichever encoder makes it.
//!
//! One that fails, stalls or ignores requests for keyframes is replaced behind the feed by the next that there is. A
//! better one is tried aside, and takes over with its first keyframe: takers see that nothing was missing.

use std::time::{Duration, SystemTime};

use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Interval, MissedTickBehavior},
};

use super::{
    bench::Bench,
    demand::{Demand, Taken},
    running::Running,
    supervise::{Job, Work},
};
use crate::{
    encoder::{EncodeError, Report},
    media::{clockwork::Clockwork, feed::Feed, packetizer::Packetizer},
    report::Replaced,
    units::Bitrate,
};

/// How often it is looked how an encoder does. Several looks have to fit between its end and the next picture, which is
/// to come within 1 s.
const LOOK: Duration = Duration::from_millis(100);

/// How long an encoder runs before a better one is tried beside it: whoever waits for a first picture comes first.
const SETTLED: Duration = Duration::from_secs(2);

/// An encoder that makes an encoded feed of a raw one.
#[derive(Debug, Clone)]
pub(super) struct EncodeJob {
    /// For people.
    pub(super) label: String,
    pub(super) bench: Bench,
    /// Followed while it runs.
    pub(super) bitrate: watch::Receiver<Bitrate>,
    pub(super) raw: Feed,
    /// For what makes the raw feed, where the takers of the source itself do not have that run.
    pub(super) decoder: Option<Demand>,
    pub(super) encoded: Feed,
    /// The encoded feed, cut into packets.
    pub(super) packets: Feed,
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

/// An encode at work.
#[derive(Debug)]
pub(super) struct Encode {
    job: EncodeJob,
    _decoder: Option<Taken>,
    packetizer: Packetizer,
    bitrate: watch::Receiver<Bitrate>,
    present: Running,
    /// A better one that has been started, and has not made its first keyframe yet.
    challenger: Option<Running>,
    /// The trial of a better one; at most one.
    trial: JoinSet<(usize, Report)>,
    /// The start of one that has shown that it works; at most one. A device may hang in it.
    start: JoinSet<Started>,
    /// Whose start that is.
    starting: Option<usize>,
    /// Those that were replaced, on their way down. What hangs may take long.
    retiring: JoinSet<()>,
    looks: Interval,
}

/// Whose start has ended, and how.
type Started = (usize, Result<Running, EncodeError>);

impl AtWork {
    /// The camera itself.
    pub(super) fn passed_through() -> Self {
        Self { element: "passthrough".to_owned(), replaced: None }
    }

    /// The one that will begin.
    pub(super) fn first(bench: &Bench) -> Self {
        Self { element: bench.first().row.element.clone(), replaced: None }
    }
}

impl EncodeJob {
    /// The GStreamer element of a candidate.
    pub(super) fn element(&self, index: usize) -> String {
        self.bench.encoder(index).row.element.clone()
    }

    /// Says who encodes from now on, and in whose place.
    fn say(&self, index: usize, instead_of: Option<(usize, &str)>) {
        let element = self.element(index);
        let replaced = instead_of.map(|(index, why)| Replaced {
            element: self.element(index),
            why: why.to_owned(),
            since: SystemTime::now(),
        });
        self.at_work.send_modify(|shown| {
            shown.element = element;
            if replaced.is_some() {
                shown.replaced = replaced;
            }
        });
    }
}

impl Job for EncodeJob {
    /// It delivers while its source does.
    const LIVE: bool = false;
    type Work = Encode;
    async fn begin(&self) -> Result<Encode, EncodeError> {
        let decoder = self.decoder.as_ref().map(Demand::take);
        let mut bitrate = self.bitrate.clone();
        let codec = self.bench.first().row.codec;
        let packetizer = Packetizer::start(codec, &self.encoded, &self.packets, &self.clockwork).await?;
        let mut refused: Vec<(usize, EncodeError)> = Vec::new();
        loop {
            let Some(index) = self.bench.pick().await.filter(|index| refused.iter().all(|(one, _)| one != index))
            else {
                let none = || EncodeError::Failed { element: self.element(0), why: self.bench.why_none() };
                return Err(refused.pop().map_or_else(none, |(_, error)| error));
            };
            let wanted = *bitrate.borrow_and_update();
            match Running::start(self, index, wanted).await {
                Ok(present) => {
                    let first = refused.first().map(|(index, error)| (*index, error.to_string()));
                    self.say(index, first.as_ref().map(|(index, why)| (*index, why.as_str())));
                    let (job, _decoder) = (self.clone(), decoder);
                    return Ok(Encode { _decoder, ..Encode::new(job, packetizer, bitrate, present) });
                }
                Err(error) => {
                    tracing::warn!(what = self.label, %error, "an encoder does not start");
                    self.bench.failed(index);
                    refused.push((index, error));
                }
            }
        }
    }
}

impl Encode {
    fn new(job: EncodeJob, packetizer: Packetizer, bitrate: watch::Receiver<Bitrate>, present: Running) -> Self {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            job,
            _decoder: None,
            packetizer,
            bitrate,
            present,
            challenger: None,
            trial: JoinSet::new(),
            start: JoinSet::new(),
            starting: None,
            retiring: JoinSet::new(),
            looks,
        }
    }

    /// Looks how all of them do. Why the present one has to be replaced, if it has to.
    fn look(&mut self) -> Option<EncodeError> {
        while self.retiring.try_join_next().is_some() {}
        std::iter::once(&mut self.present).chain(&mut self.challenger).for_each(Running::settle);
        self.look_at_challenger();
        self.take_up_challenger();
        self.look_for_a_better_one();
        self.present.complain(&self.job);
        self.present.illness(&self.job)
    }

    fn look_at_challenger(&mut self) {
        let Some(challenger) = &mut self.challenger else { return };
        if challenger.encoding.took_over() {
            self.promote();
        } else if let Some(error) = challenger.encoding.failed().or_else(|| challenger.illness(&self.job)) {
            tracing::warn!(what = self.job.label, %error, "a better encoder was tried again and failed");
            self.job.bench.failed(challenger.index);
            let challenger = self.challenger.take();
            challenger.into_iter().for_each(|one| self.retire(one));
        }
    }

    /// Takes up what a start has come to, if it has ended.
    fn take_up_challenger(&mut self) {
        if let Some(ended) = self.start.try_join_next() {
            self.take_up(ended);
        }
    }

    fn take_up(&mut self, ended: Result<Started, JoinError>) {
        self.starting = None;
        match ended {
            Ok((_, Ok(mut challenger))) => {
                challenger.follow(*self.bitrate.borrow());
                self.challenger = Some(challenger);
            }
            Ok((index, Err(error))) => {
                tracing::warn!(what = self.job.label, %error, "a better encoder was tried again and failed");
                self.job.bench.failed(index);
            }
            Err(_) => {}
        }
    }

    /// Begins a trial whose time has come, and starts one that has shown that it works.
    fn look_for_a_better_one(&mut self) {
        let bench = &self.job.bench;
        if let Some(ended) = self.trial.try_join_next() {
            let Ok((index, report)) = ended else { return };
            bench.tried(index, &report);
            if report.works() {
                let (job, bitrate) = (self.job.clone(), *self.bitrate.borrow());
                self.starting = Some(index);
                self.start.spawn(async move { (index, Running::start(&job, index, bitrate).await) });
            }
        } else if self.trial.is_empty()
            && self.start.is_empty()
            && self.challenger.is_none()
            && bench.now().saturating_sub(self.present.since) >= SETTLED
            && let Some(index) = bench.better(self.present.index)
        {
            let bench = bench.clone();
            self.trial.spawn(async move { (index, bench.try_out(index).await) });
        }
    }

    /// The challenger's pictures are the feed's by now.
    fn promote(&mut self) {
        let Some(challenger) = self.challenger.take() else { return };
        let former = std::mem::replace(&mut self.present, challenger);
        self.job.bench.stopped(former.index);
        let (from, to) = (self.job.element(former.index), self.job.element(self.present.index));
        tracing::info!(what = self.job.label, from, to, "a better encoder takes over");
        self.job.say(self.present.index, Some((former.index, &format!("{to} is preferred, and works"))));
        self.retire(former);
    }

    /// Puts the next encoder in place of the present one, which is of no use any more.
    async fn replace(&mut self, error: EncodeError) -> Result<(), EncodeError> {
        self.take_up_challenger();
        if self.challenger.as_ref().is_some_and(|challenger| challenger.encoding.took_over()) {
            self.promote();
            return Ok(());
        }
        let failed = self.present.index;
        self.job.bench.failed(failed);
        let mut refused: Vec<_> = std::iter::once(failed).chain(self.starting).collect();
        let next = loop {
            if let Some(challenger) = self.challenger.take() {
                break challenger;
            }
            let pick = self.job.bench.pick_now().filter(|index| !refused.contains(index));
            let Some(index) = pick else {
                // What is left may be on its way.
                let Some(ended) = self.start.join_next().await else { return Err(error) };
                self.take_up(ended);
                continue;
            };
            let bitrate = *self.bitrate.borrow();
            match Running::start(&self.job, index, bitrate).await {
                Ok(next) => break next,
                Err(error) => {
                    tracing::warn!(what = self.job.label, %error, "an encoder does not start");
                    self.job.bench.failed(index);
                    refused.push(index);
                }
            }
        };
        let (from, to) = (self.job.element(failed), self.job.element(next.index));
        let why = error.to_string();
        tracing::warn!(what = self.job.label, from, to, why, "an encoder is replaced");
        self.job.say(next.index, Some((failed, &why)));
        let former = std::mem::replace(&mut self.present, next);
        self.retire(former);
        Ok(())
    }

    fn retire(&mut self, former: Running) {
        self.retiring.spawn(former.encoding.stop());
    }

    fn follow_bitrate(&mut self) {
        let bitrate = *self.bitrate.borrow_and_update();
        self.present.follow(bitrate);
        self.challenger.iter_mut().for_each(|challenger| challenger.follow(bitrate));
    }
}

impl Work for Encode {
    type Error = EncodeError;
    async fn failure(&mut self) -> EncodeError {
        loop {
            let trouble = tokio::select! {
                error = self.present.encoding.failure() => Some(error),
                error = self.packetizer.failure() => return error.into(),
                Ok(()) = self.bitrate.changed() => {
                    self.follow_bitrate();
                    None
                }
                _ = self.looks.tick() => self.look(),
            };
            if let Some(error) = trouble
                && let Err(error) = self.replace(error).await
            {
                return error;
            }
        }
    }
    async fn stop(self) {
        let Self { job, packetizer, present, challenger, mut start, mut retiring, .. } = self;
        start.abort_all();
        let mut running = vec![present];
        running.extend(challenger);
        while let Some(ended) = start.join_next().await {
            running.extend(ended.ok().and_then(|(_, started)| started.ok()));
        }
        for one in running {
            job.bench.stopped(one.index);
            one.encoding.stop().await;
        }
        while retiring.join_next().await.is_some() {}
        packetizer.stop().await;
    }
}
