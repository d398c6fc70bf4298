//! Which of a codec's encoders is used, and when a better one is tried again. Pure.

use std::time::Duration;

use super::trial::{Fault, Report};

/// The longest time until one that failed is tried again.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long one has to have run for its failures to be forgotten.
const FORGIVEN: Duration = Duration::from_secs(10 * 60);

/// How the candidates for one codec stand, best first. Times are since any fixed moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Succession {
    standings: Vec<Standing>,
    /// Until one that failed for the first time is tried again.
    retry_after: Duration,
}

/// What is known of a candidate before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Merit {
    /// It works, by a trial; or it is software, or asked for by its name.
    Good,
    /// It has not been tried here.
    Untried,
    /// It encodes, but not well enough.
    Poor,
    /// It does not work.
    Bad,
    /// It ended the whole process when it was tried.
    Deadly,
}

/// What is to be done for an encoder to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// This one is started.
    Start(usize),
    /// None that is known to work is there: this one is tried first.
    Try(usize),
    /// None works here.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    merit: Merit,
    failures: u32,
    /// It has failed, and is not used before then.
    out_until: Option<Duration>,
    /// Since when it runs.
    running_since: Option<Duration>,
}

impl Succession {
    /// The candidates, at least one, by what is known of them. What did not work in an earlier process is tried again
    /// in good time: it may have been the moment.
    #[must_use]
    pub fn new(merits: impl IntoIterator<Item = Merit>, retry_after: Duration) -> Self {
        let fresh = |merit| {
            let out_until = matches!(merit, Merit::Poor | Merit::Bad).then_some(LONGEST);
            Standing { merit, failures: 0, out_until, running_since: None }
        };
        Self { standings: merits.into_iter().map(fresh).collect(), retry_after }
    }

    /// What to run `now`.
    #[must_use]
    pub fn pick(&self, now: Duration) -> Pick {
        let first = |merit| self.standings.iter().position(|one| one.merit == merit && one.is_in(now));
        if let Some(index) = first(Merit::Good) {
            return Pick::Start(index);
        }
        if let Some(index) = first(Merit::Untried) {
            return Pick::Try(index);
        }
        if let Some(index) = first(Merit::Poor) {
            return Pick::Start(index);
        }
        // All have failed as they ran: the one that has rested longest, the better one of two.
        let failed = self.standings.iter().enumerate().filter(|(_, one)| one.merit < Merit::Bad);
        if let Some((index, _)) = failed.min_by_key(|(index, one)| (one.out_until, *index)) {
            return Pick::Start(index);
        }
        let rested = |one: &Standing| one.merit == Merit::Bad && one.is_in(now);
        self.standings.iter().position(rested).map_or(Pick::Nothing, Pick::Try)
    }

    /// What to run `now` in place of one that has failed, as viewers wait: the first that works of those that are `safe`.
    /// A device that works may hang where another one did, the more so if they are two names of the same.
    #[must_use]
    pub fn pick_at_once(&self, now: Duration, safe: impl Fn(usize) -> bool) -> Pick {
        let is_sure = |(index, one): (usize, &Standing)| one.merit == Merit::Good && one.is_in(now) && safe(index);
        let sure = self.standings.iter().enumerate().position(is_sure);
        sure.map_or_else(|| self.pick(now), Pick::Start)
    }

    /// One better than `current` that may be tried, and when: the best of those whose time has come, else the one whose
    /// time comes first. It is tried aside before it takes over.
    #[must_use]
    pub fn better(&self, current: usize, now: Duration) -> Option<(usize, Duration)> {
        let than = self.standings.get(current)?;
        let is_better = |(index, one): &(usize, &Standing)| *index < current || one.merit < than.merit;
        let due = |one: &Standing| match one.merit {
            Merit::Deadly => None,
            Merit::Good | Merit::Untried | Merit::Poor | Merit::Bad => Some(one.out_until.unwrap_or(now)),
        };
        let others = self.standings.iter().enumerate().filter(|(index, _)| *index != current);
        let better = others.filter(is_better).filter_map(|(index, one)| Some((index, due(one)?)));
        better.min_by_key(|(index, due)| (*due.max(&now), *index))
    }

    /// Whose trial comes first while nobody takes anything: the best that was never tried, unless one before it is known
    /// to work. One that runs has better ones tried beside it.
    #[must_use]
    pub fn unknown(&self, now: Duration) -> Option<usize> {
        let works = |one: &Standing| one.merit == Merit::Good && one.is_in(now);
        let first = self.standings.iter().position(|one| one.merit == Merit::Untried || works(one))?;
        (self.is_untried(first) && !self.runs()).then_some(first)
    }

    /// Whether nothing is known of the one at `index`.
    #[must_use]
    pub fn is_untried(&self, index: usize) -> bool {
        self.standings.get(index).is_some_and(|one| one.merit == Merit::Untried)
    }

    /// Whether one of them runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.standings.iter().any(|one| one.running_since.is_some())
    }

    /// It has begun to run.
    pub fn started(&mut self, index: usize, now: Duration) {
        self.standings[index].running_since = Some(now);
    }

    /// It has been stopped for a reason that is not its own.
    pub fn stopped(&mut self, index: usize, now: Duration) {
        self.standings[index].served(now);
    }

    /// It has failed while it ran, or did not start.
    pub fn failed(&mut self, index: usize, now: Duration) {
        let retry_after = self.retry_after;
        let standing = &mut self.standings[index];
        standing.served(now);
        standing.rest(now, retry_after);
    }

    /// A trial has shown this.
    pub fn tried(&mut self, index: usize, merit: Merit, now: Duration) {
        let retry_after = self.retry_after;
        let standing = &mut self.standings[index];
        standing.merit = merit;
        if standing.merit == Merit::Good {
            standing.out_until = None;
        } else {
            standing.rest(now, retry_after);
        }
    }
}

impl Merit {
    /// By a trial.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        if report.faults.contains(&Fault::Crashed) {
            Self::Deadly
        } else if report.works() {
            Self::Good
        } else if report.is_usable() {
            Self::Poor
        } else {
            Self::Bad
        }
    }
}

impl Standing {
    /// It does not have to wait.
    fn is_in(&self, now: Duration) -> bool {
        self.out_until.is_none_or(|until| until <= now)
    }

    fn served(&mut self, now: Duration) {
        if self.running_since.take().is_some_and(|since| now.saturating_sub(since) >= FORGIVEN) {
            self.failures = 0;
        }
    }

    fn rest(&mut self, now: Duration, retry_after: Duration) {
        let wait = retry_after.saturating_mul(1 << self.failures.min(16)).min(LONGEST.max(retry_after));
        self.failures = self.failures.saturating_add(1);
        self.out_until = Some(now + wait);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Merit::*, *};

    const RETRY: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn succession(merits: &[Merit]) -> Succession {
        Succession::new(merits.iter().copied(), RETRY)
    }

    fn shown(faults: Vec<Fault>) -> Merit {
        Merit::of(&Report { frames_per_second: 1.0, faults })
    }

    #[test]
    fn the_first_that_works_is_used() {
        assert_eq!(succession(&[Good, Good]).pick(at(0)), Pick::Start(0));
        assert_eq!(succession(&[Bad, Poor, Good]).pick(at(0)), Pick::Start(2));
    }

    #[test]
    fn what_was_never_tried_waits_for_its_trial_while_another_works() {
        let succession = succession(&[Untried, Good]);
        assert_eq!(succession.pick(at(0)), Pick::Start(1));
        assert_eq!(succession.better(1, at(5)), Some((0, at(5))));
    }

    #[test]
    fn while_nobody_takes_those_before_what_works_are_tried_in_their_order() {
        let mut succession = succession(&[Bad, Untried, Untried, Good, Untried]);
        assert_eq!(succession.unknown(at(1)), Some(1));
        succession.tried(1, shown(vec![Fault::IgnoresKeyframes]), at(2));
        assert_eq!(succession.unknown(at(2)), Some(2));
        succession.tried(2, shown(vec![]), at(3));
        assert_eq!(succession.unknown(at(3)), None, "one works");
        assert_eq!(succession.pick(at(3)), Pick::Start(2));
    }

    #[test]
    fn nothing_is_tried_for_nobody_below_what_works() {
        assert_eq!(succession(&[Good, Untried]).unknown(at(0)), None);
        assert_eq!(succession(&[Deadly, Poor, Bad]).unknown(at(0)), None, "what is known is known");
        let mut failed = succession(&[Good, Untried, Good]);
        failed.failed(0, at(1));
        assert_eq!(failed.unknown(at(1)), Some(1), "what has just failed is none that works");
        failed.started(2, at(2));
        assert_eq!(failed.unknown(at(2)), None, "beside one that runs");
    }

    #[test]
    fn one_that_must_wait_hides_no_other() {
        let mut succession = succession(&[Untried, Untried, Good]);
        assert_eq!(succession.better(2, at(5)), Some((0, at(5))));
        succession.tried(0, shown(vec![Fault::Slow { wanted: 30 }]), at(6));
        assert_eq!(succession.better(2, at(6)), Some((1, at(6))));
        succession.tried(1, shown(vec![Fault::IgnoresKeyframes]), at(8));
        // Both wait: the one whose time comes first, and of two whose time has come the better one.
        assert_eq!(succession.better(2, at(9)), Some((0, at(36))));
        assert_eq!(succession.better(2, at(50)).map(|(index, _)| index), Some(0));
    }

    #[test]
    fn in_haste_one_that_is_safe_comes_first() {
        let mut succession = succession(&[Good, Good, Good]);
        succession.failed(0, at(10));
        assert_eq!(succession.pick(at(10)), Pick::Start(1));
        assert_eq!(succession.pick_at_once(at(10), |index| index == 2), Pick::Start(2));
        // It is no better than those before it, which come back in their turn.
        assert_eq!(succession.better(2, at(12)), Some((1, at(12))));
        succession.failed(2, at(20));
        assert_eq!(succession.pick_at_once(at(20), |index| index == 2), Pick::Start(1));
    }

    #[test]
    fn where_none_is_known_one_is_tried_first() {
        let mut succession = succession(&[Untried, Untried]);
        assert_eq!(succession.pick(at(0)), Pick::Try(0));
        succession.tried(0, shown(vec![Fault::IgnoresKeyframes]), at(1));
        assert_eq!(succession.pick(at(1)), Pick::Try(1));
        succession.tried(1, shown(vec![]), at(2));
        assert_eq!(succession.pick(at(2)), Pick::Start(1));
    }

    #[test]
    fn a_slow_one_is_better_than_none() {
        let mut succession = succession(&[Untried]);
        succession.tried(0, shown(vec![Fault::Slow { wanted: 30 }]), at(1));
        assert_eq!(succession.pick(at(1)), Pick::Start(0));
    }

    #[test]
    fn the_next_takes_over_and_the_better_one_is_tried_again_later_and_later() {
        let mut succession = succession(&[Good, Good]);
        let mut now = at(0);
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            succession.started(0, now);
            succession.failed(0, now);
            assert_eq!(succession.pick(now), Pick::Start(1));
            assert_eq!(succession.better(1, now), Some((0, now + at(wait))));
            now += at(wait);
            succession.tried(0, shown(vec![]), now);
            assert_eq!(succession.pick(now), Pick::Start(0));
        }
    }

    #[test]
    fn one_that_ran_for_long_is_forgiven() {
        let mut succession = succession(&[Good, Good]);
        for begun in [0, 10_000, 20_000] {
            succession.started(0, at(begun));
            succession.failed(0, at(begun + 600));
            assert_eq!(succession.better(1, at(begun + 600)), Some((0, at(begun + 630))));
        }
    }

    #[test]
    fn the_only_one_is_used_again_at_once() {
        let mut succession = succession(&[Good]);
        succession.failed(0, at(1));
        assert_eq!(succession.pick(at(1)), Pick::Start(0));
        assert_eq!(succession.better(0, at(1)), None);
    }

    #[test]
    fn where_all_have_failed_the_one_that_rested_longest_is_used() {
        let mut succession = succession(&[Good, Good, Bad]);
        succession.failed(0, at(1));
        assert_eq!(succession.pick(at(1)), Pick::Start(1));
        succession.failed(1, at(2));
        assert_eq!(succession.pick(at(2)), Pick::Start(0));
        assert_eq!(succession.pick(at(40)), Pick::Start(0));
    }

    #[test]
    fn what_does_not_work_is_never_used() {
        let mut succession = succession(&[Bad, Untried]);
        assert_eq!(succession.pick(at(0)), Pick::Try(1));
        succession.tried(1, shown(vec![Fault::IgnoresKeyframes]), at(1));
        assert_eq!(succession.pick(at(2)), Pick::Nothing);
        assert_eq!(succession.pick(at(31)), Pick::Try(1), "what was found out now may have been the moment");
    }

    #[test]
    fn what_did_not_work_in_an_earlier_process_is_tried_again_in_an_hour() {
        assert_eq!(succession(&[Bad, Good]).better(1, at(0)), Some((0, at(3600))));
        assert_eq!(succession(&[Poor, Good]).better(1, at(0)), Some((0, at(3600))));
        assert_eq!(succession(&[Poor]).pick(at(0)), Pick::Start(0));
        assert_eq!(succession(&[Bad]).pick(at(0)), Pick::Nothing);
        assert_eq!(succession(&[Bad]).pick(at(3600)), Pick::Try(0));
    }

    #[test]
    fn what_ended_the_process_is_never_tried_again() {
        assert_eq!(succession(&[Deadly, Good]).better(1, at(10_000)), None);
        assert_eq!(succession(&[Deadly]).pick(at(10_000)), Pick::Nothing);
        assert_eq!(shown(vec![Fault::Crashed]), Deadly);
    }

    #[test]
    fn the_best_has_no_better() {
        assert_eq!(succession(&[Good, Good]).better(0, at(0)), None);
        // One further down that works is better than one that is only better than nothing.
        assert_eq!(succession(&[Poor, Untried]).better(0, at(0)), Some((1, at(0))));
    }

    proptest! {
        #[test]
        fn one_is_picked_where_any_may_work(
            merits in proptest::collection::vec(
                proptest::sample::select(vec![Good, Untried, Poor, Bad, Deadly]),
                1..5,
            ),
            failures in proptest::collection::vec((0_usize..5, 0_u64..100), 0..40),
        ) {
            let mut succession = succession(&merits);
            let mut now = at(0);
            for (index, wait) in failures {
                now += at(wait);
                let index = index % merits.len();
                succession.started(index, now);
                succession.failed(index, now);
                let (Pick::Start(picked) | Pick::Try(picked)) = succession.pick(now) else {
                    prop_assert!(merits.iter().all(|merit| *merit >= Bad));
                    continue;
                };
                prop_assert!(merits[picked] != Deadly);
                let next = succession.better(picked, now);
                prop_assert!(next.is_none_or(|(better, _)| better != picked));
            }
        }
    }
}
