//! Whether a camera's H.264 can be passed on as it is, judged by watching it. Pure: time is an argument.

use std::time::Duration;

use super::unit::{Profile, Unit};

/// The longest time without a keyframe. Who joins, or has lost a packet, sees nothing for as long.
const LONGEST: Duration = Duration::from_secs(2);

/// Frames come a little early or late.
const TOLERANCE: Duration = Duration::from_millis(200);

/// When a camera that has not shown yet that it obeys is asked for its second keyframe.
const FIRST_QUESTION: Duration = Duration::from_millis(200);

/// How long after a keyframe the next one is asked for, if none has come by itself.
const QUESTION: Duration = Duration::from_millis(1700);

/// How soon a camera that obeys makes a keyframe. Two in a row are no coincidence.
const ANSWER: Duration = Duration::from_millis(250);
const ANSWERS: u32 = 2;

/// What a camera that has obeyed is given for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A stream that is being watched.
#[derive(Debug, Default)]
pub(super) struct Judge {
    profile: Option<Profile>,
    has_picture_parameters: bool,
    began: Option<Duration>,
    /// When the last keyframe came.
    last: Option<Duration>,
    keyframes: u32,
    /// When it was asked for a keyframe that has not come yet.
    asked: Option<Duration>,
    /// How many in a row it made at once when it was asked.
    obeyed: u32,
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ruling {
    /// The stream is known to be fit.
    pub(super) fit: bool,
    /// The camera is to be asked for a keyframe now.
    pub(super) ask: bool,
}

/// Why a stream can't be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("its H.264 is of profile {}, and peers are offered Baseline; a camera with the control takes \
             'v4l2-ctl --set-ctrl h264_profile=1'", .0.name())]
    Profile(Profile),
    #[error("its H.264 has no headers (SPS and PPS), without which nobody can decode it")]
    NoHeaders,
    #[error("it makes no keyframe for {:.1} s, asked or not, and who joins would wait for as long; a camera with the \
             control takes 'v4l2-ctl --set-ctrl h264_i_frame_period=30'", .0.as_secs_f64())]
    FewKeyframes(Duration),
}

impl Judge {
    /// Looks at the access unit that came at `now`.
    pub(super) fn look(&mut self, now: Duration, unit: &Unit) -> Result<Ruling, Unfit> {
        if let Some(profile) = unit.profile {
            if !profile.is_baseline() {
                return Err(Unfit::Profile(profile));
            }
            self.profile = Some(profile);
        }
        self.has_picture_parameters |= unit.has_picture_parameters;
        let began = *self.began.get_or_insert(now);
        if !self.has_headers() && now.saturating_sub(began) > LONGEST + TOLERANCE {
            return Err(Unfit::NoHeaders);
        }
        if unit.keyframe {
            self.keyframe(now);
            return Ok(Ruling { fit: self.is_fit(), ask: false });
        }
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) > PATIENCE) {
            self.obeyed = 0;
        }
        let obeys = self.obeyed >= ANSWERS;
        let without = now.saturating_sub(self.last.unwrap_or(began));
        if !obeys && without > LONGEST + TOLERANCE {
            return Err(Unfit::FewKeyframes(without));
        }
        let due = if self.keyframes < 2 + ANSWERS { FIRST_QUESTION } else { QUESTION };
        let ask = !obeys && self.asked.is_none() && without >= due;
        if ask {
            self.asked = Some(now);
        }
        Ok(Ruling { fit: self.is_fit(), ask })
    }

    /// Somebody asks for a keyframe at `now`.
    pub(super) fn asked(&mut self, now: Duration) {
        self.asked.get_or_insert(now);
    }

    fn keyframe(&mut self, now: Duration) {
        if let Some(asked) = self.asked.take() {
            self.obeyed = if now.saturating_sub(asked) <= ANSWER { self.obeyed + 1 } else { 0 };
        }
        self.last = Some(now);
        // Without headers it is none that anybody can use.
        if self.has_headers() {
            self.keyframes = self.keyframes.saturating_add(1);
        }
    }

    const fn has_headers(&self) -> bool {
        self.profile.is_some() && self.has_picture_parameters
    }

    /// The time to a second keyframe was short enough.
    const fn is_fit(&self) -> bool {
        self.keyframes >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(40);
    const DELTA: Unit = Unit { profile: None, has_picture_parameters: false, keyframe: false };
    const BARE: Unit = Unit { keyframe: true, ..DELTA };

    fn headed(indication: u8) -> Unit {
        let bytes = [0, 0, 1, 0x67, indication, 0, 31, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 1];
        Unit::read(&bytes)
    }

    /// A camera: its keyframes by themselves, in frames, and how many frames after a question it makes another.
    struct Camera {
        period: Option<u32>,
        obeys: Option<u32>,
        key: Unit,
    }

    /// Watches a camera for so long: when it was known to be fit, how often it was asked, and what is wrong with it.
    fn watch(camera: &Camera, length: Duration) -> (Option<Duration>, u32, Option<(Duration, Unfit)>) {
        let (mut judge, mut fit, mut questions, mut answer) = (Judge::default(), None, 0, None);
        for number in 0..(length.as_millis() / FRAME.as_millis()) as u32 {
            let now = FRAME * number;
            let by_itself = camera.period.map_or(number == 0, |period| number % period == 0);
            let key = by_itself || answer == Some(number);
            match judge.look(now, if key { &camera.key } else { &DELTA }) {
                Ok(ruling) => {
                    fit = fit.or(ruling.fit.then_some(now));
                    if ruling.ask {
                        questions += 1;
                        answer = camera.obeys.map(|frames| number + frames);
                    }
                }
                Err(unfit) => return (fit, questions, Some((now, unfit))),
            }
        }
        (fit, questions, None)
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_keyframe_each_second_is_enough() {
        let camera = Camera { period: Some(25), obeys: None, key: headed(66) };
        let (fit, _, wrong) = watch(&camera, MINUTE);
        assert_eq!((fit, wrong), (Some(Duration::from_secs(1)), None));
    }

    #[test]
    fn each_two_seconds_is_just_enough_and_more_is_not() {
        let camera = |period| Camera { period: Some(period), obeys: None, key: headed(66) };
        assert_eq!(watch(&camera(50), MINUTE).2, None);
        let (fit, _, wrong) = watch(&camera(250), MINUTE);
        assert_eq!(fit, None);
        let (at, unfit) = wrong.unwrap();
        assert!(at < Duration::from_millis(2300) && matches!(unfit, Unfit::FewKeyframes(_)), "{unfit} at {at:?}");
    }

    #[test]
    fn one_that_obeys_needs_no_keyframes_of_its_own_and_is_not_asked_for_ever() {
        let camera = Camera { period: None, obeys: Some(2), key: headed(66) };
        let (fit, questions, wrong) = watch(&camera, MINUTE);
        assert!(fit < Some(Duration::from_millis(400)), "known soon: {fit:?}");
        assert_eq!((questions, wrong), (2, None));
    }

    #[test]
    fn one_that_obeys_no_more_is_found_out_when_somebody_asks() {
        let mut judge = Judge::default();
        let mut at = Duration::ZERO;
        for _ in 0..3 {
            judge.look(at, &headed(66)).unwrap();
            judge.asked(at + FRAME);
            at += 2 * FRAME;
        }
        judge.look(at, &headed(66)).unwrap();
        let long_after = at + MINUTE;
        assert_eq!(judge.look(long_after, &DELTA), Ok(Ruling { fit: true, ask: false }));
        judge.asked(long_after);
        assert!(judge.look(long_after + PATIENCE, &DELTA).is_ok());
        let wrong = judge.look(long_after + PATIENCE + FRAME, &DELTA);
        assert!(matches!(wrong, Err(Unfit::FewKeyframes(_))), "{wrong:?}");
    }

    #[test]
    fn keyframes_that_come_by_chance_when_asked_for_are_no_promise() {
        // Each 1.9 s, just after it was asked.
        let camera = Camera { period: Some(48), obeys: None, key: headed(66) };
        let mut judge = Judge::default();
        for number in 0..2000 {
            let unit = if number % 48 == 0 { &camera.key } else { &DELTA };
            judge.look(FRAME * number, unit).unwrap();
            if number % 48 == 5 {
                judge.asked(FRAME * number);
            }
        }
    }

    #[test]
    fn headers_are_a_must_and_once_is_enough() {
        let camera = Camera { period: Some(25), obeys: None, key: BARE };
        let (fit, _, wrong) = watch(&camera, MINUTE);
        assert_eq!((fit, wrong.map(|(_, unfit)| unfit)), (None, Some(Unfit::NoHeaders)), "nobody could decode it");
        let mut judge = Judge::default();
        judge.look(Duration::ZERO, &headed(66)).unwrap();
        assert!(judge.look(Duration::from_secs(1), &BARE).unwrap().fit, "they are put before each keyframe on the way");
    }

    #[test]
    fn another_profile_is_refused_at_once() {
        let camera = Camera { period: Some(25), obeys: None, key: headed(100) };
        let (_, _, wrong) = watch(&camera, MINUTE);
        let (at, unfit) = wrong.unwrap();
        assert_eq!(at, Duration::ZERO);
        assert!(unfit.to_string().contains("profile High"), "{unfit}");
    }
}
