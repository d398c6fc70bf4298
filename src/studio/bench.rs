//! The encoders for one encode, how they stand, and their trials.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, watch};

use crate::encoder::{Candidates, Encoder, Merit, Pick, Picture, Report, Succession, Trials};

/// The candidates for one encode. Clones are the same bench.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    candidates: Candidates,
    picture: Option<Picture>,
    trials: Trials,
    epoch: Instant,
    /// Written by whoever runs the encode; kept from one run to the next.
    succession: watch::Sender<Succession>,
    /// Held while one of them is tried for the first picture, or for nobody: who comes then needs no trial of its own.
    turn: Arc<Mutex<()>>,
}

impl Bench {
    pub(super) fn new(
        candidates: Candidates,
        picture: Option<Picture>,
        trials: &Trials,
        retry_after: Duration,
    ) -> Self {
        let merit = |(index, encoder): (usize, &Encoder)| match trials.known(encoder, picture) {
            Some(report) => shown(&candidates, index, &report),
            None if candidates.is_trusted(index) => Merit::Good,
            None => Merit::Untried,
        };
        let succession = Succession::new(candidates.iter().enumerate().map(merit), retry_after);
        let (trials, epoch) = (trials.clone(), Instant::now());
        Self { candidates, picture, trials, epoch, succession: watch::Sender::new(succession), turn: Arc::default() }
    }

    /// The one that is shown before any has run.
    pub(super) fn first(&self) -> &Encoder {
        let (Pick::Start(index) | Pick::Try(index)) = self.succession.borrow().pick(self.now()) else {
            return self.candidates.first();
        };
        self.encoder(index)
    }

    pub(super) fn encoder(&self, index: usize) -> &Encoder {
        self.candidates.iter().nth(index).unwrap_or_else(|| self.candidates.first())
    }

    pub(super) const fn picture(&self) -> Option<Picture> {
        self.picture
    }

    /// Since the bench was made.
    pub(super) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Which to start. Where none is known to work, one is tried first.
    pub(super) async fn pick(&self) -> Option<usize> {
        loop {
            let pick = self.succession.borrow().pick(self.now());
            match pick {
                Pick::Start(index) => return Some(index),
                Pick::Nothing => return None,
                Pick::Try(index) => {
                    let _turn = self.turn.lock().await;
                    if self.succession.borrow().pick(self.now()) == pick {
                        self.find_out(index).await;
                    }
                }
            }
        }
    }

    /// Which to start at once, as viewers wait: software, where there is some. Devices come back by their trials.
    pub(super) fn pick_now(&self) -> Option<usize> {
        match self.succession.borrow().pick_at_once(self.now(), |index| self.encoder(index).is_software()) {
            Pick::Start(index) | Pick::Try(index) => Some(index),
            Pick::Nothing => None,
        }
    }

    /// Whether there is one to be tried while nobody takes anything.
    pub(super) fn has_unknown(&self) -> bool {
        self.succession.borrow().unknown(self.now()).is_some()
    }

    /// Whether trials may be made that nobody waits for.
    pub(super) async fn may_be_unasked(&self) -> bool {
        self.trials.may_be_unasked().await
    }

    /// Tries the next that is to be tried while nobody takes anything.
    pub(super) async fn find_out_next(&self) {
        let _turn = self.turn.lock().await;
        let unknown = self.succession.borrow().unknown(self.now());
        if let Some(index) = unknown {
            self.find_out(index).await;
        }
    }

    /// Whether one of them encodes.
    pub(super) fn is_at_work(&self) -> bool {
        self.succession.borrow().runs()
    }

    /// One better than `current` whose time has come to be tried.
    pub(super) fn better(&self, current: usize) -> Option<usize> {
        if self.turn.try_lock().is_err() {
            return None;
        }
        let now = self.now();
        let (index, due) = self.succession.borrow().better(current, now)?;
        (due <= now).then_some(index)
    }

    /// Tries the one at `index`, unless it has never been tried here and an encode of such pictures had it tried already.
    async fn find_out(&self, index: usize) {
        let is_untried = self.succession.borrow().is_untried(index);
        let known = self.trials.known(self.encoder(index), self.picture).filter(|_| is_untried);
        let report = match known {
            Some(report) => report,
            None => self.try_out(index).await,
        };
        self.tried(index, &report);
    }

    pub(super) async fn try_out(&self, index: usize) -> Report {
        self.trials.run(self.encoder(index), self.picture).await
    }

    pub(super) fn tried(&self, index: usize, report: &Report) {
        let merit = shown(&self.candidates, index, report);
        self.succession.send_modify(|succession| succession.tried(index, merit, self.now()));
    }

    pub(super) fn started(&self, index: usize) {
        self.succession.send_modify(|succession| succession.started(index, self.now()));
    }

    pub(super) fn stopped(&self, index: usize) {
        self.succession.send_modify(|succession| succession.stopped(index, self.now()));
    }

    pub(super) fn failed(&self, index: usize) {
        self.succession.send_modify(|succession| succession.failed(index, self.now()));
    }

    /// What is known against each, in words.
    pub(super) fn why_none(&self) -> String {
        let why = |encoder: &Encoder| {
            let report = self.trials.known(encoder, self.picture);
            format!("{}: {}", encoder.row.element, report.map_or("not tried".to_owned(), |report| report.why()))
        };
        self.candidates.iter().map(why).collect::<Vec<_>>().join("; ")
    }
}

/// What a trial says of the one at `index`. It may have been the moment: what is trusted stays better than nothing.
fn shown(candidates: &Candidates, index: usize, report: &Report) -> Merit {
    match Merit::of(report) {
        Merit::Bad if candidates.is_trusted(index) => Merit::Poor,
        merit => merit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{Codec, MediaKind},
        encoder::{Fault, Lineup, Settings},
        media::clockwork::Clockwork,
    };

    #[test]
    fn software_that_failed_a_trial_is_better_than_nothing() {
        gst::init().unwrap();
        let lineup = Lineup::choose(&Settings::default()).unwrap();
        let vp8 = lineup.candidates(MediaKind::Video).find(|candidates| candidates.codec == Codec::Vp8).unwrap();
        let trials = Trials::new(None, Clockwork::start());
        let bench = Bench::new(vp8.clone(), None, &trials, Duration::from_secs(600));
        let why = "none came out for 6 s".to_owned();
        bench.tried(0, &Report { frames_per_second: 0.0, faults: vec![Fault::Failed { why }] });
        assert_eq!(bench.pick_now(), Some(0));
    }
}
