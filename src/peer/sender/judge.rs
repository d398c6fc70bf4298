//! What a peer's feedback says of its link, judged as it comes and told to the peer's task when it matters.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    peer::wiring::{Signal, Signals},
    quality::{self, estimator::Estimator, link::Report, steady::Steady},
    rtp::{Arrival, Ntp, ReceptionReport},
    units::Bitrate,
};

/// The shortest of how many round trips is that of an empty way: of some seconds.
const ROUND_TRIPS: usize = 8;

/// What the task is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::peer) enum Word {
    /// What the link bears, by the arrival of its packets; [`quality::UNLIMITED`] where that is all that it was asked to.
    /// Comes when it changes by a twentieth, and not too often.
    Estimate(Bitrate),
    /// What the peer reports of our video.
    Report(Report),
}

/// Judges one peer's link by the feedback on its video.
#[derive(Debug)]
pub(super) struct Judge {
    ssrc: u32,
    /// What the stream has in full.
    full: watch::Receiver<Bitrate>,
    signals: Signals,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    estimator: Estimator,
    told: Steady,
    /// The round trips that were reported last.
    round_trips: VecDeque<Duration>,
    /// What was concluded from reports, of a peer that does not tell of arrivals.
    concluded: Option<Bitrate>,
}

/// What the way to a peer is like at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Way {
    /// What it bears; `None`: nothing is known.
    pub(super) bears: Option<Bitrate>,
    /// How long a packet and its answer take; 0 while nothing is known.
    pub(super) round_trip: Duration,
}

impl State {
    fn new(full: Bitrate) -> Self {
        Self {
            estimator: Estimator::new(Instant::now(), quality::asked(full)),
            // So that the first word comes at once.
            told: Steady::new(Bitrate::from_bits(0)),
            round_trips: VecDeque::new(),
            concluded: None,
        }
    }
}

impl Judge {
    /// Of the link over which the stream `ssrc` goes, which has so much in `full`.
    pub(super) fn new(ssrc: u32, full: watch::Receiver<Bitrate>, signals: Signals) -> Self {
        let state = Mutex::new(State::new(*full.borrow()));
        Self { ssrc, full, signals, state }
    }

    /// Nothing is known any more.
    pub(super) fn begin_anew(&self) {
        *self.state() = State::new(*self.full.borrow());
    }

    /// What was told is forgotten: the next word comes at once.
    pub(super) fn tell_anew(&self) {
        self.state().told = Steady::new(Bitrate::from_bits(0));
    }

    /// Packets are sent: their numbers, one after the other, and their lengths.
    pub(super) fn sent(&self, packets: impl IntoIterator<Item = (u16, usize)>) {
        let (now, mut state) = (Instant::now(), self.state());
        for (sequence, bytes) in packets {
            state.estimator.sent(now, sequence, bytes);
        }
    }

    /// The peer says which packets arrived when.
    pub(super) fn arrivals(&self, arrivals: &[Arrival]) {
        let mut state = self.state();
        let State { estimator, told, .. } = &mut *state;
        estimator.ask(quality::asked(*self.full.borrow()));
        estimator.feedback(arrivals);
        told.want(estimator.bears());
        if told.settle(Instant::now()) {
            self.signals.send(Signal::Link(Word::Estimate(told.bitrate())));
        }
    }

    /// The link bears so much, by reports alone.
    pub(super) fn concluded(&self, bears: Option<Bitrate>) {
        self.state().concluded = bears;
    }

    /// What the way is like: with the queue that stands on it now.
    pub(super) fn way(&self) -> Way {
        let state = self.state();
        if state.concluded.is_some() {
            // The last round trip has the queue in it that stood there.
            return Way { bears: state.concluded, round_trip: state.round_trips.front().copied().unwrap_or_default() };
        }
        let round_trip = state.round_trips.iter().min().copied().unwrap_or_default() + state.estimator.queue();
        Way { bears: Some(state.estimator.estimate()), round_trip }
    }

    /// Whether packets stand in a queue on their way.
    pub(super) fn is_full(&self) -> bool {
        self.state().estimator.is_full()
    }

    /// The share of packets that were lost in the last second.
    pub(super) fn lost(&self) -> f64 {
        self.state().estimator.lost()
    }

    /// The peer reports on a stream of ours, at `now` by the clock of our own reports.
    pub(super) fn report(&self, report: &ReceptionReport, now: Ntp) {
        if report.ssrc == self.ssrc {
            let round_trip = now.round_trip(report.last_report, report.delay);
            if let Some(round_trip) = round_trip {
                let mut state = self.state();
                state.round_trips.truncate(ROUND_TRIPS - 1);
                state.round_trips.push_front(round_trip);
            }
            let report = Report { highest: report.highest, lost: report.lost, round_trip };
            self.signals.send(Signal::Link(Word::Report(report)));
        }
    }

    /// Nothing panics while it is locked; if something did, the next feedback puts it right.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
