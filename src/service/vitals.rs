//! Whether the daemon does what it is for, at each look. Pure: what was seen is compared with what is.
//!
//! What fails is not what this is about. A camera that is gone, an encoder that gives up, a relay that is away: somebody
//! looks after each of them, and a new process would do no better. This finds what nobody looks after any more.

use std::{collections::HashMap, fmt, time::Duration};

use crate::{
    codec::Codec,
    ids::SourceName,
    report::{Condition, EncoderState, State},
};

/// At how many looks in a row frames may have come in and none gone out. What looks after an encoder has replaced one that
/// gives nothing long before.
const IDLE_LOOKS: u32 = 4;

/// How long an encoder may take to start. Its candidates are started one by one, up to 10 s each, and those that nothing is
/// known of are tried before, up to 6 s each, one at a time in the whole process: with all of the catalogue it is less.
const STARTING: Duration = Duration::from_secs(300);

/// What stands still though it should not, and nobody looks after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standstill {
    /// A loop has not turned since the last look.
    Loop(&'static str),
    /// Frames come in and are wanted, and none go out.
    Encode(Encode),
}

/// One encode of one source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Encode {
    source: SourceName,
    codec: Codec,
    rung: usize,
}

impl Encode {
    fn of(state: &EncoderState) -> Self {
        Self { source: state.source.clone(), codec: state.codec, rung: state.rung }
    }
}

impl fmt::Display for Standstill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop(name) => write!(f, "{name} stands still"),
            Self::Encode(Encode { source, codec, rung }) => {
                write!(f, "frames of {source} come in, and none go out as {codec} (rung {rung})")
            }
        }
    }
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Vitals {
    /// At how many looks in a row an encoder may be starting.
    starting_looks: u32,
    seen: HashMap<Encode, Seen>,
}

/// What was seen of an encode.
#[derive(Debug, Clone, Copy)]
struct Seen {
    is_wanted: bool,
    came: u64,
    went: u64,
    idle_looks: u32,
    starting_looks: u32,
}

impl Vitals {
    /// Nothing so far; there is to be a look each `period`.
    pub(super) fn new(period: Duration) -> Self {
        let looks = STARTING.as_nanos().div_ceil(period.as_nanos().max(1));
        Self { starting_looks: u32::try_from(looks).unwrap_or(u32::MAX), seen: HashMap::new() }
    }

    /// Looks whether all is well: `loops` with whether each has turned since the last look, and the frames in `state`.
    ///
    /// # Errors
    /// What stands still, a loop before all else.
    pub(super) fn look(
        &mut self,
        loops: impl IntoIterator<Item = (&'static str, bool)>,
        state: &State,
    ) -> Result<(), Standstill> {
        self.seen = state.encoders.iter().map(|encoder| self.see(encoder)).collect();
        if let Some((name, _)) = loops.into_iter().find(|(_, has_turned)| !has_turned) {
            return Err(Standstill::Loop(name));
        }
        let is_idle = |encode: &Encode| self.seen.get(encode).is_some_and(|seen| seen.idle_looks >= IDLE_LOOKS);
        match state.encoders.iter().map(Encode::of).find(is_idle) {
            Some(encode) => Err(Standstill::Encode(encode)),
            None => Ok(()),
        }
    }

    fn see(&self, encoder: &EncoderState) -> (Encode, Seen) {
        let encode = Encode::of(encoder);
        let last = self.seen.get(&encode);
        let starting_looks = match encoder.condition {
            Condition::Starting => last.map_or(0, |last| last.starting_looks).saturating_add(1),
            _ => 0,
        };
        let is_excused = match encoder.condition {
            // One that has failed is tried again, and the state says so until frames come.
            Condition::Failed { .. } => true,
            Condition::Starting => starting_looks <= self.starting_looks,
            Condition::Idle | Condition::Running => false,
        };
        let now = Seen {
            is_wanted: encoder.takers > 0 && !is_excused,
            came: encoder.offered,
            went: encoder.frames,
            idle_looks: 0,
            starting_looks,
        };
        let idle_looks = match last {
            Some(last) if last.is_wanted && now.is_wanted && now.came > last.came && now.went == last.went => {
                last.idle_looks + 1
            }
            _ => 0,
        };
        (encode, Seen { idle_looks, ..now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bitrate;

    const GOOD: [(&str, bool); 2] = [("a", true), ("b", true)];

    /// Between two looks.
    const PERIOD: Duration = Duration::from_secs(15);

    /// An encode with `came` frames in and `went` out, for so many `takers`.
    fn state(takers: usize, came: u64, went: u64) -> State {
        let encoder = EncoderState {
            source: SourceName::new("front").unwrap(),
            codec: Codec::H264,
            rung: 0,
            element: "x264enc".to_owned(),
            replaced: None,
            condition: Condition::Running,
            bitrate: Bitrate::from_bits(1_000_000),
            takers,
            offered: came,
            frames: went,
            keyframes: 0,
            bytes: 0,
        };
        State { encoders: vec![encoder], ..State::default() }
    }

    /// What each of ten looks at these states says.
    fn looks(state: impl Fn(u64) -> State) -> Vec<bool> {
        let mut vitals = Vitals::new(PERIOD);
        (0..10).map(|look| vitals.look(GOOD, &state(look)).is_ok()).collect()
    }

    #[test]
    fn a_loop_that_has_not_turned_stands_still_and_no_longer_once_it_has() {
        let mut vitals = Vitals::new(PERIOD);
        let still = vitals.look([("a", true), ("b", false)], &state(0, 0, 0)).unwrap_err();
        assert_eq!((still.to_string().as_str(), &still), ("b stands still", &Standstill::Loop("b")));
        assert_eq!(vitals.look(GOOD, &state(0, 0, 0)), Ok(()));
    }

    #[test]
    fn frames_that_come_in_and_do_not_go_out_stand_still_after_four_looks() {
        let said = looks(|look| state(1, 30 * look, 7));
        assert_eq!(said, [true, true, true, true, false, false, false, false, false, false]);
        let mut vitals = Vitals::new(PERIOD);
        let still = (0..5).find_map(|look| vitals.look(GOOD, &state(1, look, 7)).err()).unwrap();
        assert_eq!(still.to_string(), "frames of front come in, and none go out as h264 (rung 0)");
        assert_eq!(vitals.look(GOOD, &state(1, 6, 8)), Ok(()), "they go out again");
    }

    #[test]
    fn one_frame_in_four_looks_is_enough() {
        assert!(looks(|look| state(1, 30 * look, look / 4)).iter().all(|good| *good));
    }

    #[test]
    fn nobody_misses_what_nobody_takes() {
        assert!(looks(|look| state(0, 30 * look, 7)).iter().all(|good| *good));
        assert!(looks(|look| state(usize::from(look % 2 == 0), 30 * look, 7)).iter().all(|good| *good));
    }

    #[test]
    fn a_source_that_gives_nothing_is_no_reason() {
        assert!(looks(|_| state(1, 500, 7)).iter().all(|good| *good));
    }

    #[test]
    fn an_encoder_that_has_failed_is_looked_after() {
        let failed = |look| {
            let mut state = state(1, 30 * look, 7);
            state.encoders[0].condition = Condition::Failed { why: "the device is gone".to_owned() };
            state
        };
        assert!(looks(failed).iter().all(|good| *good));
    }

    #[test]
    fn an_encoder_that_starts_is_excused_for_as_long_as_that_may_take() {
        let starting = |look: u64| {
            let mut state = state(1, 30 * look, 0);
            state.encoders[0].condition = Condition::Starting;
            state
        };
        let mut vitals = Vitals::new(PERIOD);
        let good = (0..100).take_while(|look| vitals.look(GOOD, &starting(*look)).is_ok()).count();
        assert_eq!(good, 20 + 4, "300 s, and then as long as any other");
        assert_eq!(vitals.look(GOOD, &state(1, 3000, 1)), Ok(()), "it has started");
    }
}
