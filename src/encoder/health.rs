//! Whether an encoder that runs still does its work. Pure.

use std::time::Duration;

use super::Encoder;

/// How long a device may make nothing of the frames it is given. A viewer is to see the next picture within 1 s.
const DEVICE_STALL: Duration = Duration::from_millis(500);

/// The same for software. It shares the processors with everything else, and a machine that is too busy for it is too
/// busy for another.
const SOFTWARE_STALL: Duration = Duration::from_secs(2);

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
    stall: Duration,
    keyframe_wait: Duration,
    last: Reading,
    /// When a frame came out last, and how many had gone in by then.
    moved: (Duration, u64),
    /// When a keyframe was asked for that has not come, and how many frames had come out by then.
    asked: Option<(Duration, u64)>,
    suspicions: u32,
    takes_requests: bool,
}

impl Health {
    /// Of `encoder`, which was started at `now`.
    #[must_use]
    pub fn of(encoder: &Encoder, now: Duration) -> Self {
        Self::new(encoder.is_software(), encoder.takes_requests(), now)
    }

    fn new(is_software: bool, takes_requests: bool, now: Duration) -> Self {
        let (stall, keyframe_wait) =
            if is_software { (SOFTWARE_STALL, SOFTWARE_KEYFRAME) } else { (DEVICE_STALL, DEVICE_KEYFRAME) };
        Self {
            stall,
            keyframe_wait,
            takes_requests,
            last: Reading::default(),
            moved: (now, 0),
            asked: None,
            suspicions: 0,
        }
    }

    /// Looks at it `now`: each 100 ms or so.
    pub fn look(&mut self, now: Duration, reading: Reading) -> Option<Illness> {
        if reading.frames_out > self.last.frames_out {
            self.moved = (now, reading.frames_in);
        } else if reading.frames_in < self.moved.1.saturating_add(1) {
            // Its source stands still, which is none of its business.
            self.moved.0 = now;
        }
        if reading.keyframes > self.last.keyframes {
            self.asked = None;
        } else if reading.requests > self.last.requests && self.asked.is_none() {
            self.asked = Some((now, reading.frames_out));
        }
        self.last = reading;
        let illness = self.stalled(now).or_else(|| self.ignores_keyframes(now));
        self.suspicions = if illness.is_some() { self.suspicions + 1 } else { 0 };
        illness.filter(|_| self.suspicions >= CERTAIN)
    }

    fn stalled(&self, now: Duration) -> Option<Illness> {
        let limit = if self.last.frames_out == 0 { START } else { self.stall };
        let (since, frames) = (now.saturating_sub(self.moved.0), self.last.frames_in.saturating_sub(self.moved.1));
        (since >= limit && frames >= STALL_FRAMES).then_some(Illness::Stalled(since))
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

    /// Looks each 100 ms from the start on, at what `reading` gives for the time in ms, and tells when it was ill.
    fn ill_at(health: &mut Health, end: u64, reading: impl Fn(u64) -> Reading) -> Option<(u64, Illness)> {
        (0..=end / LOOK).find_map(|turn| {
            let at = turn * LOOK;
            health.look(Duration::from_millis(at), reading(at)).map(|illness| (at, illness))
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
        assert_eq!(ill_at(&mut Health::new(false, true, Duration::ZERO), 60_000, healthy), None);
    }

    #[test]
    fn a_device_that_stalls_is_noticed_within_a_second() {
        let stalls = |at: u64| Reading { frames_out: frames(at.min(2000)), frames_in: frames(at), ..healthy(at) };
        let (at, illness) = ill_at(&mut Health::new(false, true, Duration::ZERO), 10_000, stalls).unwrap();
        assert!((2500..=2800).contains(&at), "{at}");
        assert!(matches!(illness, Illness::Stalled(_)));
        assert!(illness.to_string().starts_with("frames went in, and none came out for "));
    }

    #[test]
    fn software_is_given_longer() {
        let stalls = |at: u64| Reading { frames_out: frames(at.min(2000)), frames_in: frames(at), ..healthy(at) };
        let (at, _) = ill_at(&mut Health::new(true, true, Duration::ZERO), 10_000, stalls).unwrap();
        assert!((4000..=4400).contains(&at), "{at}");
    }

    #[test]
    fn a_first_frame_may_take_longer() {
        let begins =
            |first: u64| move |at: u64| Reading { frames_out: frames(at.saturating_sub(first)), ..healthy(at) };
        assert_eq!(ill_at(&mut Health::new(false, true, Duration::ZERO), 10_000, begins(2500)), None);
        let (at, _) = ill_at(&mut Health::new(false, true, Duration::ZERO), 10_000, begins(9000)).unwrap();
        assert!((3000..=3400).contains(&at), "{at}");
    }

    #[test]
    fn a_source_that_stands_still_is_no_illness() {
        let still =
            |at: u64| Reading { frames_in: frames(at.min(2000)), frames_out: frames(at.min(2000)), ..healthy(at) };
        assert_eq!(ill_at(&mut Health::new(false, true, Duration::ZERO), 60_000, still), None);
        // Nor when it begins again, a minute later.
        let again = |at: u64| {
            let passed = frames(at.min(2000)) + frames(at.saturating_sub(60_000));
            Reading { frames_in: passed, frames_out: passed, ..healthy(at) }
        };
        assert_eq!(ill_at(&mut Health::new(false, true, Duration::ZERO), 120_000, again), None);
    }

    #[test]
    fn ignored_requests_are_noticed_within_a_second() {
        let asked = |at: u64| Reading { requests: if at < 5000 { 1 } else { 2 }, ..healthy(at) };
        let (at, illness) = ill_at(&mut Health::new(false, true, Duration::ZERO), 10_000, asked).unwrap();
        assert!((5400..=5700).contains(&at), "{at}");
        assert!(matches!(illness, Illness::IgnoresKeyframes(_)));
        let (at, _) = ill_at(&mut Health::new(true, true, Duration::ZERO), 10_000, asked).unwrap();
        assert!((5600..=5900).contains(&at), "software is given longer: {at}");
    }

    #[test]
    fn one_that_can_t_be_asked_is_forgiven() {
        let asked = |at: u64| Reading { requests: if at < 5000 { 1 } else { 2 }, ..healthy(at) };
        assert_eq!(ill_at(&mut Health::new(true, false, Duration::ZERO), 10_000, asked), None);
    }

    #[test]
    fn a_keyframe_that_comes_in_time_is_none_missed() {
        let served = |at: u64| Reading {
            requests: if at < 5000 { 1 } else { 2 },
            keyframes: if at < 5500 { 1 } else { 2 },
            ..healthy(at)
        };
        assert_eq!(ill_at(&mut Health::new(false, true, Duration::ZERO), 20_000, served), None);
    }

    proptest! {
        #[test]
        fn whoever_looks_late_blames_nobody(pauses in proptest::collection::vec(0_u64..3000, 1..50)) {
            // One that delivers each frame it is given, looked at whenever.
            let (mut health, mut at) = (Health::new(false, true, Duration::ZERO), 0);
            for pause in pauses {
                at += pause;
                prop_assert_eq!(health.look(Duration::from_millis(at), healthy(at)), None);
            }
        }
    }
}
