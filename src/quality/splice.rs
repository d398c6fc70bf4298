//! When a stream of frames goes on with another encoder's: not before that has a keyframe, and so that no frame is seen
//! twice or after a later one. Frames are known by their times, which both encoders have from the same source.

use std::{collections::VecDeque, time::Duration};

/// Frames of the old encoder that wait, at most, for the new one's of the same time. The better picture takes longer to
/// encode, by a few frames on a busy machine.
const PATIENCE: usize = 4;

/// What becomes of a frame of the new encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is a keyframe that can be gone on with: the new one has taken over, and this is its first.
    TakesOver,
    /// It is of no use.
    Dropped,
    /// It is a keyframe, but of a time that was passed already. Another one has to be asked for.
    TooLate,
}

/// A change from one encoder to another, while it lasts. `F` is a frame.
#[derive(Debug)]
pub struct Splice<F> {
    /// The time of the last frame that was passed on.
    passed: Option<Duration>,
    /// The time of the new encoder's last frame that could not be gone on with.
    seen: Option<Duration>,
    held: VecDeque<(Duration, F)>,
}

impl<F> Splice<F> {
    /// A change that begins now, after a frame of the time `passed`.
    #[must_use]
    pub const fn new(passed: Option<Duration>) -> Self {
        Self { passed, seen: None, held: VecDeque::new() }
    }

    /// A frame of the old encoder. What comes out is to be passed on.
    pub fn old(&mut self, time: Duration, frame: F) -> Vec<F> {
        self.held.push_back((time, frame));
        let mut out = Vec::new();
        // Before the new one has begun, there is nothing to wait for.
        while self.held.front().is_some_and(|(time, _)| self.seen.is_none_or(|seen| *time <= seen))
            || self.held.len() > PATIENCE
        {
            let Some((time, frame)) = self.held.pop_front() else { break };
            self.passed = Some(time);
            out.push(frame);
        }
        out
    }

    /// A frame of the new encoder. What comes out, of the old one, is to be passed on before it.
    pub fn fresh(&mut self, time: Duration, keyframe: bool) -> (Vec<F>, Verdict) {
        let out = self.release(time, keyframe);
        if !keyframe {
            self.seen = Some(time);
            return (out, Verdict::Dropped);
        }
        if self.passed.is_none_or(|passed| passed < time) {
            return (out, Verdict::TakesOver);
        }
        self.seen = Some(time);
        (out, Verdict::TooLate)
    }

    /// The change does not happen. What comes out is to be passed on.
    #[must_use]
    pub fn give_up(self) -> Vec<F> {
        self.held.into_iter().map(|(_, frame)| frame).collect()
    }

    /// The frames that wait for one of this time: up to it, or before it where it takes over.
    fn release(&mut self, until: Duration, before: bool) -> Vec<F> {
        let mut out = Vec::new();
        while self.held.front().is_some_and(|(time, _)| if before { *time < until } else { *time <= until }) {
            let Some((time, frame)) = self.held.pop_front() else { break };
            self.passed = Some(time);
            out.push(frame);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn frame(number: u64) -> Duration {
        Duration::from_millis(number * 33)
    }

    #[test]
    fn the_old_one_passes_until_the_new_one_has_a_keyframe() {
        let mut splice = Splice::new(None);
        assert_eq!(splice.old(frame(1), 1), [1]);
        assert_eq!(splice.fresh(frame(2), true), (vec![], Verdict::TakesOver));
    }

    #[test]
    fn a_keyframe_of_a_time_that_was_passed_comes_too_late_and_the_next_does_not() {
        let mut splice = Splice::new(None);
        assert_eq!(splice.old(frame(1), 1), [1]);
        assert_eq!(splice.fresh(frame(1), true), (vec![], Verdict::TooLate));
        // From now on the old one waits for the new one's frames.
        assert_eq!(splice.old(frame(2), 2), [0; 0]);
        assert_eq!(splice.fresh(frame(2), false), (vec![2], Verdict::Dropped));
        assert_eq!(splice.old(frame(3), 3), [0; 0]);
        assert_eq!(splice.fresh(frame(3), true), (vec![], Verdict::TakesOver));
    }

    #[test]
    fn the_old_one_does_not_wait_for_a_new_one_that_hangs() {
        let mut splice = Splice::new(None);
        splice.fresh(frame(0), false);
        let passed: Vec<u64> = (1..10).flat_map(|number| splice.old(frame(number), number)).collect();
        assert_eq!(passed, [1, 2, 3, 4, 5]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_frame_is_seen_twice_or_after_a_later_one(
            order in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.05)), 1..200),
        ) {
            let mut splice = Splice::new(None);
            let (mut old, mut new) = (0, 0);
            let mut seen: Vec<u64> = Vec::new();
            for (is_old, keyframe, skipped) in order {
                if is_old {
                    old += 1;
                    if !skipped {
                        seen.extend(splice.old(frame(old), old));
                    }
                    continue;
                }
                new += 1;
                let (out, verdict) = splice.fresh(frame(new), keyframe);
                seen.extend(out);
                if verdict == Verdict::TakesOver {
                    seen.push(new);
                    prop_assert!(keyframe);
                    break;
                }
            }
            prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
        }
    }
}
