//! What a peer's link bears, judged by what its side reports.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    quality::{UNLIMITED, scaled},
    units::Bitrate,
};

/// Less than this is lost where radio is involved, whatever is sent. It is sent again.
const HARMLESS_LOSS: f64 = 0.02;

/// More than this is lost where too much is sent. Between the two nothing is concluded (draft-ietf-rmcat-gcc-02,
/// section 6).
const HARMFUL_LOSS: f64 = 0.1;

/// How much more is thought to be possible each second in which nothing is lost.
const GROWTH: f64 = 1.08;

/// A round trip that takes this much longer than it can waits in a queue that too much is sent into.
const QUEUE: Duration = Duration::from_millis(300);

/// What is taken of what comes through when the link is full, so that the queue in it gets shorter.
const RELIEF: f64 = 0.85;

/// How long a smaller estimate must have had its effect before another one is made: the queue has to empty itself, and some
/// peers report many times a second.
const INTERVAL: Duration = Duration::from_secs(1);

/// What one report of a peer says of a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// The share of the packets that were lost since the last one.
    pub lost: f64,
    /// How long a packet and its answer take, if it can be told.
    pub round_trip: Option<Duration>,
}

/// One peer's link. Where the peer tells of each packet's arrival, an estimator outside says what it bears; else it is
/// concluded from the losses and round trips that all peers report.
#[derive(Debug, Clone)]
pub struct Link {
    most: Bitrate,
    estimate: Option<Bitrate>,
    /// Whether the estimate came from the arrival of packets.
    by_arrival: bool,
    last: Option<Report>,
    shortest_round_trip: Option<Duration>,
    grown: Option<Instant>,
    lowered: Option<Instant>,
    /// The reports of the last second: when each came, after how long, and what it said was lost.
    lately: VecDeque<(Instant, Duration, f64)>,
}

impl Link {
    /// A link that nothing is known of. It is never asked whether it bears more than `most`.
    #[must_use]
    pub fn new(most: Bitrate) -> Self {
        Self {
            most,
            estimate: None,
            by_arrival: false,
            last: None,
            shortest_round_trip: None,
            grown: None,
            lowered: None,
            lately: VecDeque::new(),
        }
    }

    /// What it bears, as far as that is known; never more than it was asked to.
    #[must_use]
    pub fn estimate(&self) -> Option<Bitrate> {
        self.estimate.map(|estimate| estimate.min(self.most))
    }

    /// The same, for who decides by it what is sent: [`UNLIMITED`] where it has borne all that it was asked to.
    #[must_use]
    pub fn bears(&self) -> Option<Bitrate> {
        self.estimate.map(|estimate| if estimate >= self.most { UNLIMITED } else { estimate })
    }

    /// Asks it to bear `most` from now on, and no more.
    pub fn ask(&mut self, most: Bitrate) {
        // What the arrival of packets shows was concluded from what was asked then.
        if !self.by_arrival {
            self.estimate = self.bears().map(|bears| bears.min(most));
        }
        self.most = most;
    }

    /// The last report.
    #[must_use]
    pub const fn last(&self) -> Option<Report> {
        self.last
    }

    /// Whether it is judged by the arrival of its packets, and not only by losses.
    #[must_use]
    pub const fn is_judged_by_arrival(&self) -> bool {
        self.by_arrival
    }

    /// For a while nothing was sent. What it bears is not known any more; how long its way is still is.
    pub fn begin_anew(&mut self) {
        (self.estimate, self.grown, self.lowered) = (None, None, None);
        self.lately.clear();
    }

    /// The estimator has come to `bears`: [`UNLIMITED`] where all was borne.
    pub fn estimated(&mut self, bears: Bitrate) {
        self.by_arrival = true;
        self.estimate = Some(bears);
    }

    /// A report has come, while `sent` was sent.
    pub fn reported(&mut self, now: Instant, report: Report, sent: Bitrate) {
        self.last = Some(report);
        if let Some(round_trip) = report.round_trip {
            let shortest = self.shortest_round_trip.map_or(round_trip, |shortest| shortest.min(round_trip));
            self.shortest_round_trip = Some(shortest);
        }
        if self.by_arrival {
            return;
        }
        let estimate = self.estimate.unwrap_or(self.most);
        let lost = self.lost_lately(now, report.lost.clamp(0.0, 1.0));
        let queued = report.round_trip.zip(self.shortest_round_trip).map(|(now, least)| now.saturating_sub(least));
        let judged = if lost > HARMFUL_LOSS {
            let through = scaled(sent, 1.0 - lost);
            scaled(estimate, 1.0 - lost / 2.0).min(scaled(through, 1.0 / RELIEF))
        } else if queued.is_some_and(|queued| queued > QUEUE) {
            scaled(estimate.min(sent), RELIEF)
        } else if lost < HARMLESS_LOSS {
            let passed = self.grown.map_or(Duration::ZERO, |grown| now.saturating_duration_since(grown));
            // What arrives whole and in time is borne.
            scaled(estimate, GROWTH.powf(passed.as_secs_f64().min(5.0))).max(sent)
        } else {
            estimate
        };
        self.grown = Some(now);
        let has_effect = self.lowered.is_none_or(|lowered| now.saturating_duration_since(lowered) >= INTERVAL);
        if judged >= estimate {
            self.estimate = Some(judged.min(self.most));
        } else if has_effect {
            self.estimate = Some(judged);
            self.lowered = Some(now);
        }
    }

    /// The share that was lost in the last second: a peer that reports many times in it may tell of a few packets each time.
    fn lost_lately(&mut self, now: Instant, lost: f64) -> f64 {
        let since = self.lately.back().map_or(INTERVAL, |(before, ..)| now.saturating_duration_since(*before));
        self.lately.push_back((now, since.min(INTERVAL), lost));
        self.lately.retain(|(at, ..)| now.saturating_duration_since(*at) < INTERVAL);
        let (time, lost) = self.lately.iter().fold((0.0, 0.0), |(time, sum), (_, since, lost)| {
            // Two at the same moment count, too.
            let since = since.as_secs_f64().max(0.001);
            (time + since, sum + since * lost)
        });
        lost / time
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: Bitrate = Bitrate::from_bits(4_000_000);

    const fn report(lost: f64, ms: u64) -> Report {
        Report { lost, round_trip: Some(Duration::from_millis(ms)) }
    }

    const fn kilobits(kilobits: u32) -> Bitrate {
        Bitrate::from_bits(kilobits * 1000)
    }

    #[test]
    fn nothing_is_known_before_the_first_word() {
        assert_eq!(Link::new(MOST).bears(), None);
    }

    #[test]
    fn one_report_of_great_loss_is_enough() {
        let mut link = Link::new(MOST);
        link.reported(Instant::now(), report(0.75, 50), kilobits(2000));
        assert_eq!(link.bears().map(Bitrate::kilobits), Some(588), "what came through, and a little more");
    }

    #[test]
    fn many_reports_of_one_bad_moment_are_no_worse_than_one() {
        let (mut link, now) = (Link::new(MOST), Instant::now());
        link.reported(now, report(0.0, 50), kilobits(2000));
        for ms in 0..20 {
            link.reported(now + Duration::from_millis(50 * ms), report(0.0, 900), kilobits(2000));
        }
        assert_eq!(link.bears(), Some(kilobits(1700)));
        link.reported(now + INTERVAL, report(0.0, 900), kilobits(2000));
        assert_eq!(link.bears(), Some(kilobits(1445)));
    }

    #[test]
    fn a_few_packets_that_are_lost_among_many_reports_are_few() {
        let (mut link, now) = (Link::new(MOST), Instant::now());
        for turn in 0..40 {
            let lost = if turn == 30 { 0.95 } else { 0.0 };
            link.reported(now + Duration::from_millis(50) * turn, report(lost, 50), kilobits(2000));
            assert_eq!(link.bears(), Some(UNLIMITED), "{turn}");
        }
    }

    #[test]
    fn little_loss_changes_nothing_and_none_lets_it_grow() {
        let mut link = Link::new(MOST);
        let mut now = Instant::now();
        link.reported(now, report(0.5, 50), kilobits(1000));
        let after = link.bears();
        for _ in 0..10 {
            now += Duration::from_secs(1);
            link.reported(now, report(0.05, 50), kilobits(500));
        }
        assert_eq!(link.bears(), after);
        for _ in 0..10 {
            now += Duration::from_secs(1);
            link.reported(now, report(0.0, 50), kilobits(500));
        }
        let doubled = f64::from(link.bears().unwrap().bits()) / f64::from(after.unwrap().bits());
        assert!((2.0..2.3).contains(&doubled), "{doubled}");
    }

    #[test]
    fn what_arrives_whole_and_in_time_is_borne() {
        let mut link = Link::new(MOST);
        let now = Instant::now();
        link.reported(now, report(0.9, 50), kilobits(1000));
        assert!(link.bears() < Some(kilobits(120)));
        link.reported(now + INTERVAL, report(0.0, 50), kilobits(300));
        assert_eq!(link.bears(), Some(kilobits(300)));
    }

    #[test]
    fn round_trips_that_become_long_tell_of_a_queue() {
        let mut link = Link::new(MOST);
        let now = Instant::now();
        link.reported(now, report(0.0, 40), kilobits(1000));
        link.reported(now + Duration::from_secs(1), report(0.0, 500), kilobits(1000));
        assert_eq!(link.bears(), Some(kilobits(850)));
    }

    #[test]
    fn where_the_arrival_of_packets_is_known_losses_are_only_shown() {
        let mut link = Link::new(MOST);
        link.estimated(kilobits(1500));
        link.reported(Instant::now(), report(0.3, 40), kilobits(1500));
        assert_eq!((link.bears(), link.last()), (Some(kilobits(1500)), Some(report(0.3, 40))));
    }

    #[test]
    fn one_that_bears_all_bears_more_when_more_is_asked_and_another_does_not() {
        let (mut link, now) = (Link::new(MOST), Instant::now());
        link.ask(kilobits(6000));
        assert_eq!(link.bears(), None);
        link.reported(now, report(0.0, 50), kilobits(1000));
        assert_eq!((link.bears(), link.estimate()), (Some(UNLIMITED), Some(kilobits(6000))));
        link.ask(kilobits(9000));
        assert_eq!((link.bears(), link.estimate()), (Some(UNLIMITED), Some(kilobits(9000))));
        link.reported(now + INTERVAL, report(0.5, 50), kilobits(8000));
        let less = link.bears();
        assert!(less < Some(kilobits(5000)), "{less:?}");
        link.ask(kilobits(20_000));
        assert_eq!(link.bears(), less);
    }

    proptest! {
        #[test]
        fn it_never_bears_more_than_the_most(
            reports in prop::collection::vec((0_u64..5000, 0.0_f64..1.0, 1_u64..3000, 1_u32..4000), 1..200),
        ) {
            let mut link = Link::new(MOST);
            let mut now = Instant::now();
            for (wait, lost, ms, sent) in reports {
                now += Duration::from_millis(wait);
                link.reported(now, report(lost, ms), kilobits(sent));
                prop_assert!(link.estimate().unwrap() <= MOST);
            }
        }
    }
}
