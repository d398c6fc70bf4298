//! Whether an encoder that runs still does its work. Pure.

use std::time::Duration;

use super::Encoder;

/// How long an encoder may make nothing of the frames it is given while nothing holds it up. A viewer is to see the next
/// picture within 1 s.
const STALL: Duration = Duration::from_millis(500);

/// How long software may while something on the machine waits for a processor or for memory: it may be the encoder, and a
/// machine that is too busy for it is too busy for another.
const BUSY_STALL: Duration = Duration::from_secs(2);

/// Software that has taken long for a frame may take so many times as long for another, up to [`BUSY_STALL`].
const SLOWER: u32 = 2;

/// How long an encoder may take for its first frame: a driver opens its device, and reads its firmware.
const START: Duration = Duration::from_secs(3);

/// How many frames it has to have been given in that time. At a few frames a second nothing is late yet.
const STALL_FRAMES: u64 = 8;

/// How long a keyframe may take that was asked for of a device: twelve frames at 30/s.
/// With the looks that make it certain and the start of the next encoder, whoever waits has a picture within 1 s.
const DEVICE_KEYFRAME: Duration = Duration::from_millis(400);

/// The same for software, which shares the processors.
const SOFTWARE_KEYFRAME: Duration = Duration::from_millis(600);

/// How many other frames may come before it, however few come each second. A trial allows as many.
const KEYFRAME_FRAMES: u64 = 12;

/// How often in a row it has to look ill: who looks may have been held up, too.
const CERTAIN: u32 = 3;

/// Counts since the encoder was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Frames that went in.
    pub frames_in: u64,
    /// Frames that came out.
    pub frames_out: u64,
    /// Keyframes that came out.
    pub keyframes: u64,
    /// Requests for a keyframe that it was given.
    pub requests: u64,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Illness {
    /// Frames go in, and none come out.
    #[error("frames went in, and none came out for {} ms", .0.as_millis())]
    Stalled(Duration),
    /// A keyframe was asked for, and only others came.
    #[error("a keyframe was asked for {} ms ago, and only other frames came", .0.as_millis())]
    IgnoresKeyframes(Duration),
}

/// What was seen of one encoder so far. Times are since any fixed moment.
#[derive(Debug, Clone)]
pub struct Health {
    /// How long it may make nothing, whatever holds it up.
    stall: Duration,
    keyframe_wait: Duration,
    last: Reading,
    /// When a frame came out last, or was there to be encoded after none had been.
    moved: Moment,
    /// The longest that it has taken for a frame while nothing held it up.
    slowest: Duration,
    /// When a keyframe was asked for that has not come, and how many frames had come out by then.
    asked: Option<(Duration, u64)>,
    suspicions: u32,
    takes_requests: bool,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Duration,
    /// How many frames had gone in by then.
    frames_in: u64,
    /// For how long anything on the machine had been held up by then; `None` where that is not known.
    held_up: Option<Duration>,
}

impl Moment {
    /// How long it is `now` since then, without the time in which anything was held up.
    fn undisturbed(&self, now: Duration, held_up: Option<Duration>) -> Duration {
        let since = now.saturating_sub(self.at);
        // Where nothing is known, all of it may have been such a time.
        let disturbed = held_up.zip(self.held_up).map_or(since, |(now, then)| now.saturating_sub(then));
        since.saturating_sub(disturbed)
    }
}

impl Health {
    /// Of `encoder`, which was started at `now`. Anything on the machine was `held_up` for so long in all by then, by the
    /// lack of a processor or of memory; `None` where that is not known.
    #[must_use]
    pub fn of(encoder: &Encoder, now: Duration, held_up: Option<Duration>) -> Self {
        Self::new(encoder.is_software(), encoder.takes_requests(), now, held_up)
    }

    fn new(is_software: bool, takes_requests: bool, now: Duration, held_up: Option<Duration>) -> Self {
        let (stall, keyframe_wait) =
            if is_software { (BUSY_STALL, SOFTWARE_KEYFRAME) } else { (STALL, DEVICE_KEYFRAME) };
        Self {
            stall,
            keyframe_wait,
            takes_requests,
            last: Reading::default(),
            moved: Moment { at: now, frames_in: 0, held_up },
            slowest: Duration::ZERO,
            asked: None,
            suspicions: 0,
        }
    }

    /// Looks at it `now`: each 100 ms or so. `held_up` is as in [`Self::of`].
    pub fn look(&mut self, now: Duration, reading: Reading, held_up: Option<Duration>) -> Option<Illness> {
        if reading.frames_out > self.last.frames_out {
            self.slowest = self.slowest.max(self.moved.undisturbed(now, held_up));
            self.moved = Moment { at: now, frames_in: reading.frames_in, held_up };
        } else if reading.frames_in <= self.moved.frames_in {
            // Its source stands still, which is none of its business.
            self.moved = Moment { at: now, held_up, ..self.moved };
        }
        if reading.keyframes > self.last.keyframes {
            self.asked = None;
        } else if reading.requests > self.last.requests && self.asked.is_none() {
            self.asked = Some((now, reading.frames_out));
        }
        self.last = reading;
        let illness = self.stalled(now, held_up).or_else(|| self.ignores_keyframes(now));
        self.suspicions = if illness.is_some() { self.suspicions + 1 } else { 0 };
        illness.filter(|_| self.suspicions >= CERTAIN)
    }

    fn stalled(&self, now: Duration, held_up: Option<Duration>) -> Option<Illness> {
        let since = now.saturating_sub(self.moved.at);
        let frames = self.last.frames_in.saturating_sub(self.moved.frames_in);
        let is_long = if self.last.frames_out == 0 {
            since >= START
        } else {
            since >= self.stall || self.moved.undisturbed(now, held_up) >= STALL.max(self.slowest * SLOWER)
        };
        (is_long && frames >= STALL_FRAMES).then_some(Illness::Stalled(since))
    }

    fn ignores_keyframes(&self, now: Duration) -> Option<Illness> {
        let (asked, frames) = self.asked.filter(|_| self.takes_requests)?;
        let since = now.saturating_sub(asked);
        let ignored = since >= self.keyframe_wait && self.last.frames_out.saturating_sub(frames) >= KEYFRAME_FRAMES;
        ignored.then_some(Illness::IgnoresKeyframes(since))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOOK: u64 = 100;

    fn device() -> Health {
        Health::new(false, true, Duration::ZERO, None)
    }

    /// On a machine where nothing has been held up yet.
    fn software() -> Health {
        Health::new(true, true, Duration::ZERO, Some(Duration::ZERO))
    }

    /// Looks each 100 ms from the start on, at what `reading` gives for the time in ms, and tells when it was ill. Nothing is
    /// known of the machine.
    fn ill_at(health: &mut Health, end: u64, reading: impl Fn(u64) -> Reading) -> Option<(u64, Illness)> {
        ill_while(health, end, reading, |_| None)
    }

    /// The same on a machine where something was held up for so many ms in all.
    fn ill_while(
        health: &mut Health,
        end: u64,
        reading: impl Fn(u64) -> Reading,
        held_up: impl Fn(u64) -> Option<u64>,
    ) -> Option<(u64, Illness)> {
        (0..=end / LOOK).find_map(|turn| {
            let at = turn * LOOK;
            let held_up = held_up(at).map(Duration::from_millis);
            health.look(Duration::from_millis(at), reading(at), held_up).map(|illness| (at, illness))
        })
    }

    fn frames(ms: u64) -> u64 {
        ms * 30 / 1000
    }

    fn healthy(at: u64) -> Reading {
        Reading { frames_in: frames(at), frames_out: frames(at).saturating_sub(1), keyframes: 1, requests: 1 }
    }

    #[test]
    fn one_that_works_is_never_ill() {
        assert_eq!(ill_at(&mut device(), 60_000, healthy), None);
    }

    #[test]
    fn a_device_that_stalls_is_noticed_within_a_second() {
        let (at, illness) = ill_at(&mut device(), 10_000, stalls).unwrap();
        assert!((2500..=2800).contains(&at), "{at}");
        assert!(matches!(illness, Illness::Stalled(_)));
        assert!(illness.to_string().starts_with("frames went in, and none came out for "));
    }

    /// Stands still from 2 s on.
    fn stalls(at: u64) -> Reading {
        Reading { frames_out: frames(at.min(2000)), ..healthy(at) }
    }

    #[test]
    fn so_is_software_that_nothing_held_up() {
        let (at, _) = ill_while(&mut software(), 10_000, stalls, |_| Some(0)).unwrap();
        assert!((2500..=2800).contains(&at), "{at}");
        // What was before does not count, nor does a little.
        let busy_before = |at: u64| Some(at.min(1900) + at / 20);
        let (at, _) = ill_while(&mut software(), 10_000, stalls, busy_before).unwrap();
        assert!((2500..=2800).contains(&at), "{at}");
    }

    #[test]
    fn software_is_given_longer_on_a_busy_machine_and_where_the_kernel_does_not_tell() {
        for held_up in [Some, |_| None] {
            let (at, _) = ill_while(&mut software(), 10_000, stalls, held_up).unwrap();
            assert!((4000..=4400).contains(&at), "{at}");
        }
        let half = |at: u64| Some(at / 2);
        let (at, _) = ill_while(&mut software(), 10_000, stalls, half).unwrap();
        assert!((3000..=3300).contains(&at), "half of the time counts: {at}");
    }

    #[test]
    fn software_that_takes_long_for_a_frame_is_given_longer_for_another() {
        // One each 400 ms, and one at 4 s that takes 700.
        let slow = |at: u64| {
            let out = if (4000..4700).contains(&at) { 4000 } else { at };
            Reading { frames_out: out / 400, keyframes: 0, requests: 0, ..healthy(at) }
        };
        assert_eq!(ill_while(&mut software(), 20_000, slow, |_| Some(0)), None);
        let stalls = |at: u64| slow(at.min(6000)).frames_out;
        let stalls = |at: u64| Reading { frames_out: stalls(at), ..slow(at) };
        let (at, _) = ill_while(&mut software(), 20_000, stalls, |_| Some(0)).unwrap();
        assert!((7400..=7700).contains(&at), "twice as long as the slowest: {at}");
    }

    #[test]
    fn a_first_frame_may_take_longer() {
        let begins =
            |first: u64| move |at: u64| Reading { frames_out: frames(at.saturating_sub(first)), ..healthy(at) };
        assert_eq!(ill_at(&mut device(), 10_000, begins(2500)), None);
        let (at, _) = ill_at(&mut device(), 10_000, begins(9000)).unwrap();
        assert!((3000..=3400).contains(&at), "{at}");
    }

    #[test]
    fn a_source_that_stands_still_is_no_illness() {
        let still =
            |at: u64| Reading { frames_in: frames(at.min(2000)), frames_out: frames(at.min(2000)), ..healthy(at) };
        assert_eq!(ill_at(&mut device(), 60_000, still), None);
        // Nor when it begins again, a minute later.
        let again = |at: u64| {
            let passed = frames(at.min(2000)) + frames(at.saturating_sub(60_000));
            Reading { frames_in: passed, frames_out: passed, ..healthy(at) }
        };
        assert_eq!(ill_at(&mut device(), 120_000, again), None);
    }

    #[test]
    fn ignored_requests_are_noticed_within_a_second() {
        let asked = |at: u64| Reading { requests: if at < 5000 { 1 } else { 2 }, ..healthy(at) };
        let (at, illness) = ill_at(&mut device(), 10_000, asked).unwrap();
        assert!((5400..=5700).contains(&at), "{at}");
        assert!(matches!(illness, Illness::IgnoresKeyframes(_)));
        let (at, _) = ill_at(&mut software(), 10_000, asked).unwrap();
        assert!((5600..=5900).contains(&at), "software is given longer: {at}");
    }

    #[test]
    fn one_that_can_t_be_asked_is_forgiven() {
        let asked = |at: u64| Reading { requests: if at < 5000 { 1 } else { 2 }, ..healthy(at) };
        assert_eq!(ill_at(&mut Health::new(true, false, Duration::ZERO, None), 10_000, asked), None);
    }

    #[test]
    fn a_keyframe_that_comes_in_time_is_none_missed() {
        let served = |at: u64| Reading {
            requests: if at < 5000 { 1 } else { 2 },
            keyframes: if at < 5500 { 1 } else { 2 },
            ..healthy(at)
        };
        assert_eq!(ill_at(&mut device(), 20_000, served), None);
    }

    proptest! {
        #[test]
        fn whoever_looks_late_blames_nobody(pauses in proptest::collection::vec(0_u64..3000, 1..50)) {
            // One that delivers each frame it is given, looked at whenever.
            let (mut health, mut at) = (device(), 0);
            for pause in pauses {
                at += pause;
                prop_assert_eq!(health.look(Duration::from_millis(at), healthy(at), None), None);
            }
        }

        #[test]
        fn software_that_is_held_up_is_not_blamed(pauses in proptest::collection::vec(0_u64..1600, 1..50)) {
            // For so long after each second frame, while something else has the processors.
            let (mut health, mut at, mut out, mut held_up) = (software(), 0, 0, 0);
            for pause in pauses {
                for turn in 0..=pause / LOOK + 1 {
                    at += LOOK;
                    held_up += if turn <= pause / LOOK { LOOK } else { 0 };
                    out += if turn <= pause / LOOK { 0 } else { 2 };
                    let reading = Reading { frames_out: out, ..healthy(at) };
                    let held_up = Some(Duration::from_millis(held_up));
                    prop_assert_eq!(health.look(Duration::from_millis(at), reading, held_up), None);
                }
            }
        }
    }
}
