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
pub(super) const HARMLESS_LOSS: f64 = 0.02;

/// More than this is lost where too much is sent. Between the two nothing is concluded (draft-ietf-rmcat-gcc-02,
/// section 6).
pub(super) const HARMFUL_LOSS: f64 = 0.1;

/// How much more is thought to be possible each second in which nothing is lost.
const GROWTH: f64 = 1.08;

/// A round trip that takes this much longer than it can waits in a queue that too much is sent into.
const QUEUE: Duration = Duration::from_millis(300);

/// What is taken of what comes through when the link is full, so that the queue in it gets shorter.
const RELIEF: f64 = 0.85;

/// How long a smaller estimate must have had its effect before another one is made: the queue has to empty itself, and some
/// peers report many times a second.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long losses are counted for before they say something: some peers report many times a second, of a few packets each
/// time.
const COUNTED: Duration = Duration::from_millis(500);

/// What one report of a peer says of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The highest number of a packet that has arrived, with how often they began anew in its upper half.
    pub highest: u32,
    /// How many were lost in all.
    pub lost: i32,
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
    lost: Option<f64>,
    round_trip: Option<Duration>,
    shortest_round_trip: Option<Duration>,
    grown: Option<Instant>,
    lowered: Option<Instant>,
    /// The last reports, back to the one that losses are counted from: when each came, with the highest number and what was
    /// lost in all.
    lately: VecDeque<(Instant, u32, i32)>,
}

impl Link {
    /// A link that nothing is known of. It is never asked whether it bears more than `most`.
    #[must_use]
    pub fn new(most: Bitrate) -> Self {
        Self {
            most,
            estimate: None,
            by_arrival: false,
            lost: None,
            round_trip: None,
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

    /// The share of packets that was lost of late; `None` where none have been counted.
    #[must_use]
    pub const fn lost(&self) -> Option<f64> {
        self.lost
    }

    /// How long a packet and its answer took last.
    #[must_use]
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
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
        self.lost = self.lost_lately(now, &report);
        self.round_trip = report.round_trip;
        let round_trips = self.shortest_round_trip.into_iter().chain(report.round_trip);
        self.shortest_round_trip = round_trips.min();
        if self.by_arrival {
            return;
        }
        let estimate = self.estimate.unwrap_or(self.most);
        // Where nothing arrives there is nothing to conclude from.
        let lost = self.lost.unwrap_or(HARMLESS_LOSS);
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

    /// The share of packets that was lost in what has been counted of late, by two reports and not by what each says of
    /// itself: one may be lost, and a peer may count what was sent again (RFC 3550, section 6.4.4).
    fn lost_lately(&mut self, now: Instant, report: &Report) -> Option<f64> {
        let is_old = |(at, ..): &(Instant, u32, i32)| now.saturating_duration_since(*at) >= COUNTED;
        while self.lately.get(1).is_some_and(is_old) {
            self.lately.pop_front();
        }
        let base = self.lately.front().copied().filter(is_old);
        self.lately.push_back((now, report.highest, report.lost));
        let (_, highest, lost) = base?;
        let expected = report.highest.wrapping_sub(highest).cast_signed();
        let lost = report.lost.wrapping_sub(lost);
        (expected > 0).then(|| (f64::from(lost) / f64::from(expected)).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: Bitrate = Bitrate::from_bits(4_000_000);

    const fn kilobits(kilobits: u32) -> Bitrate {
        Bitrate::from_bits(kilobits * 1000)
    }

    /// A link, and what its peer has counted.
    struct Scene {
        link: Link,
        now: Instant,
        highest: u32,
        lost: i32,
    }

    impl Scene {
        /// Numbers begin anew soon.
        fn new() -> Self {
            let mut scene =
                Self { link: Link::new(MOST), now: Instant::now(), highest: u32::MAX - 50, lost: i32::MAX - 5 };
            scene.report(0, 0, 40, 2000);
            scene
        }

        /// What is borne after another report, so many `ms` later, by which such a share of a hundred packets was lost in
        /// every second, and a packet took that long, while so many kbit/s were sent.
        fn after(&mut self, ms: u64, lost: f64, round_trip: u64, sent: u32) -> Option<Bitrate> {
            self.now += Duration::from_millis(ms);
            let packets = ms / 10;
            self.report(packets as u32, (packets as f64 * lost).round() as i32, round_trip, sent);
            self.link.bears()
        }

        fn report(&mut self, packets: u32, lost: i32, round_trip: u64, sent: u32) {
            self.highest = self.highest.wrapping_add(packets);
            self.lost = self.lost.wrapping_add(lost);
            let round_trip = Some(Duration::from_millis(round_trip));
            let report = Report { highest: self.highest, lost: self.lost, round_trip };
            self.link.reported(self.now, report, kilobits(sent));
        }
    }

    #[test]
    fn nothing_is_known_before_the_first_word() {
        assert_eq!(Link::new(MOST).bears(), None);
    }

    #[test]
    fn one_report_of_great_loss_is_enough() {
        let less = Scene::new().after(1000, 0.75, 50, 2000);
        assert_eq!(less.map(Bitrate::kilobits), Some(588), "what came through, and a little more");
    }

    #[test]
    fn many_reports_of_one_bad_moment_are_no_worse_than_one() {
        let mut scene = Scene::new();
        for _ in 0..20 {
            assert_eq!(scene.after(50, 0.0, 900, 2000), Some(kilobits(1700)));
        }
        assert_eq!(scene.after(50, 0.0, 900, 2000), Some(kilobits(1445)));
    }

    #[test]
    fn a_few_packets_that_are_lost_among_many_reports_are_few() {
        let mut scene = Scene::new();
        for turn in 0..40 {
            let lost = if turn == 30 { 0.8 } else { 0.0 };
            assert_eq!(scene.after(50, lost, 50, 2000), Some(UNLIMITED), "{turn}");
        }
        assert_eq!(scene.link.lost(), Some(0.08));
    }

    #[test]
    fn what_arrives_twice_is_no_loss() {
        let mut scene = Scene::new();
        assert_eq!(scene.after(1000, -0.2, 50, 2000), Some(UNLIMITED));
        assert_eq!(scene.link.lost(), Some(0.0));
    }

    #[test]
    fn where_nothing_arrives_nothing_is_concluded() {
        let mut scene = Scene::new();
        let less = scene.after(1000, 0.75, 50, 2000);
        scene.now += Duration::from_secs(1);
        scene.report(0, 0, 50, 2000);
        assert_eq!((scene.link.bears(), scene.link.lost()), (less, None));
    }

    #[test]
    fn little_loss_changes_nothing_and_none_lets_it_grow() {
        let mut scene = Scene::new();
        let less = scene.after(1000, 0.5, 50, 1000);
        for _ in 0..10 {
            assert_eq!(scene.after(1000, 0.05, 50, 500), less);
        }
        for _ in 0..10 {
            scene.after(1000, 0.0, 50, 500);
        }
        let doubled = f64::from(scene.link.bears().unwrap().bits()) / f64::from(less.unwrap().bits());
        assert!((2.0..2.3).contains(&doubled), "{doubled}");
    }

    #[test]
    fn what_arrives_whole_and_in_time_is_borne() {
        let mut scene = Scene::new();
        assert!(scene.after(1000, 0.9, 50, 1000) < Some(kilobits(120)));
        assert_eq!(scene.after(1000, 0.0, 50, 300), Some(kilobits(300)));
    }

    #[test]
    fn round_trips_that_become_long_tell_of_a_queue() {
        assert_eq!(Scene::new().after(1000, 0.0, 500, 1000), Some(kilobits(850)));
    }

    #[test]
    fn where_the_arrival_of_packets_is_known_losses_are_only_shown() {
        let mut scene = Scene::new();
        scene.link.estimated(kilobits(1500));
        assert_eq!(scene.after(1000, 0.3, 50, 1500), Some(kilobits(1500)));
        assert_eq!((scene.link.lost(), scene.link.round_trip()), (Some(0.3), Some(Duration::from_millis(50))));
    }

    #[test]
    fn one_that_bears_all_bears_more_when_more_is_asked_and_another_does_not() {
        let mut link = Link::new(MOST);
        link.ask(kilobits(6000));
        assert_eq!(link.bears(), None);
        let mut scene = Scene { link, ..Scene::new() };
        scene.after(1000, 0.0, 50, 1000);
        assert_eq!((scene.link.bears(), scene.link.estimate()), (Some(UNLIMITED), Some(kilobits(6000))));
        scene.link.ask(kilobits(9000));
        assert_eq!((scene.link.bears(), scene.link.estimate()), (Some(UNLIMITED), Some(kilobits(9000))));
        let less = scene.after(1000, 0.5, 50, 8000);
        assert!(less < Some(kilobits(5000)), "{less:?}");
        scene.link.ask(kilobits(20_000));
        assert_eq!(scene.link.bears(), less);
    }

    proptest! {
        #[test]
        fn it_never_bears_more_than_the_most(
            reports in prop::collection::vec((0_u64..5000, any::<u32>(), any::<i32>(), 1_u64..3000, 1_u32..4000), 1..200),
        ) {
            let mut scene = Scene::new();
            for (wait, packets, lost, ms, sent) in reports {
                scene.now += Duration::from_millis(wait);
                scene.report(packets, lost, ms, sent);
                prop_assert!(scene.link.estimate().unwrap() <= MOST);
                prop_assert!(scene.link.lost().is_none_or(|lost| (0.0..=1.0).contains(&lost)));
            }
        }
    }
}
