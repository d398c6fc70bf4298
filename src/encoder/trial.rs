//! What a trial of an encoder shows, and what follows from it. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{codec::Codec, units::Bitrate};

/// How many frames may come between a request and the keyframe: what is inside an encoder and its queue already, twice.
const KEYFRAME_WITHIN: u32 = 12;

/// What is left of the bitrate at most when a quarter of it is asked for. Encoders differ in how far down they get with
/// the picture that is tried; those that take no notice stay where they are.
const LEFT_OF_QUARTERED: f64 = 0.75;

/// How much of the wanted rate it has to reach. The trial may be made while another encodes, on a machine that may be busy
/// with more than that.
pub(super) const ENOUGH: f64 = 0.8;

/// What was seen of an encoder.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Facts {
    /// How many frames a second came out, with as many put in as it took.
    pub(super) frames_per_second: f64,
    /// After how many frames the keyframe came that was asked for; `None`: not at all.
    pub(super) keyframe_after: Option<u32>,
    /// What came out at a bitrate, and at a quarter of it; `None`: it did not get that far.
    pub(super) bitrates: Option<(Bitrate, Bitrate)>,
    /// The profile in its caps.
    pub(super) profile: Option<String>,
    /// Why it ended early.
    pub(super) failure: Option<String>,
}

/// What a trial has shown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    /// How many frames a second it encodes; 0 where none came out.
    pub frames_per_second: f64,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What is wrong with an encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// It does not start, or gives up.
    Failed {
        /// What it says.
        why: String,
    },
    /// It took the whole process with it.
    Crashed,
    /// It encodes fewer frames than come.
    Slow {
        /// So many a second are wanted.
        wanted: u32,
    },
    /// No keyframe comes when one is asked for.
    IgnoresKeyframes,
    /// A new bitrate changes nothing.
    IgnoresBitrate,
    /// Peers are promised another profile.
    Profile {
        /// What it makes.
        made: String,
        /// What is promised.
        promised: String,
    },
}

impl Facts {
    /// What they say of an encoder for `codec` that is to make `fps` frames a second; `fps` is `None` for sound. One
    /// that is known to take no requests for keyframes is forgiven that.
    pub(super) fn judge(&self, codec: Codec, fps: Option<u32>, takes_requests: bool) -> Report {
        let mut faults = Vec::new();
        if let Some(why) = &self.failure {
            faults.push(Fault::Failed { why: why.clone() });
        } else if let Some(wanted) = fps {
            self.judge_pictures(codec, wanted, &mut faults);
        }
        faults.retain(|fault| takes_requests || *fault != Fault::IgnoresKeyframes);
        // No more digits than mean something, so that a file gives back what it was given.
        Report { frames_per_second: (self.frames_per_second * 10.0).round() / 10.0, faults }
    }

    fn judge_pictures(&self, codec: Codec, wanted: u32, faults: &mut Vec<Fault>) {
        if self.frames_per_second < f64::from(wanted) * ENOUGH {
            faults.push(Fault::Slow { wanted });
        }
        if self.keyframe_after.is_none_or(|frames| frames > KEYFRAME_WITHIN) {
            faults.push(Fault::IgnoresKeyframes);
        }
        let followed = |(before, after): (Bitrate, Bitrate)| {
            f64::from(after.bits()) <= f64::from(before.bits()) * LEFT_OF_QUARTERED
        };
        if !self.bitrates.is_some_and(followed) {
            faults.push(Fault::IgnoresBitrate);
        }
        if let (Some(promised), Some(made)) = (profiles(codec), &self.profile)
            && !promised.contains(&made.as_str())
        {
            faults.push(Fault::Profile { made: made.clone(), promised: promised[0].to_owned() });
        }
    }
}

/// The profiles that keep what peers are promised, best first. A baseline stream of an encoder has none of what
/// constrained baseline leaves out; nobody encodes that.
const fn profiles(codec: Codec) -> Option<&'static [&'static str]> {
    match codec {
        Codec::H264 => Some(&["constrained-baseline", "baseline"]),
        Codec::Vp9 => Some(&["0"]),
        Codec::Av1 => Some(&["main"]),
        Codec::Vp8 | Codec::Opus => None,
    }
}

impl Report {
    /// Nothing is wrong with it.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.faults.is_empty()
    }

    /// It encodes, if not as well as it should: better than nothing at all.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.faults.iter().all(|fault| matches!(fault, Fault::Slow { .. } | Fault::IgnoresBitrate))
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn why(&self) -> String {
        self.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { why } => f.write_str(why),
            Self::Crashed => f.write_str("it ended the whole process when it was tried"),
            Self::Slow { wanted } => write!(f, "it is too slow: {wanted} frames/s are wanted"),
            Self::IgnoresKeyframes => f.write_str("it makes no keyframe when one is asked for"),
            Self::IgnoresBitrate => f.write_str("it takes no new bitrate while it runs"),
            Self::Profile { made, promised } => write!(f, "it makes the profile {made}, and {promised} is promised"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts {
            frames_per_second: 100.0,
            keyframe_after: Some(2),
            bitrates: Some((Bitrate::from_bits(2_000_000), Bitrate::from_bits(600_000))),
            profile: Some("constrained-baseline".to_owned()),
            failure: None,
        }
    }

    fn why(facts: &Facts) -> String {
        facts.judge(Codec::H264, Some(30), true).why()
    }

    #[test]
    fn one_that_does_all_works() {
        let report = good().judge(Codec::H264, Some(30), true);
        assert!(report.works() && report.is_usable());
        let baseline = Facts { profile: Some("baseline".to_owned()), ..good() };
        assert!(baseline.judge(Codec::H264, Some(30), true).works());
    }

    #[test]
    fn each_fault_is_told() {
        let slow = Facts { frames_per_second: 23.9, ..good() };
        assert_eq!(why(&slow), "it is too slow: 30 frames/s are wanted");
        assert_eq!(why(&Facts { keyframe_after: None, ..good() }), "it makes no keyframe when one is asked for");
        assert_eq!(why(&Facts { keyframe_after: Some(13), ..good() }), "it makes no keyframe when one is asked for");
        let same = Some((Bitrate::from_bits(2_000_000), Bitrate::from_bits(1_900_000)));
        assert_eq!(why(&Facts { bitrates: same, ..good() }), "it takes no new bitrate while it runs");
        let high = Facts { profile: Some("high".to_owned()), ..good() };
        assert_eq!(why(&high), "it makes the profile high, and constrained-baseline is promised");
    }

    #[test]
    fn one_that_gave_up_is_asked_nothing_more() {
        let facts = Facts { failure: Some("no device".to_owned()), ..Facts::default() };
        assert_eq!(why(&facts), "no device");
    }

    #[test]
    fn what_is_only_slow_is_better_than_nothing() {
        let usable = |facts: Facts| facts.judge(Codec::Vp8, Some(30), true).is_usable();
        assert!(usable(Facts { frames_per_second: 10.0, bitrates: None, ..good() }));
        assert!(!usable(Facts { keyframe_after: None, ..good() }));
    }

    #[test]
    fn one_that_can_t_be_asked_is_forgiven() {
        let facts = Facts { keyframe_after: None, profile: Some("main".to_owned()), ..good() };
        assert!(facts.judge(Codec::Av1, Some(30), false).works());
    }

    #[test]
    fn sound_only_has_to_come() {
        assert!(Facts::default().judge(Codec::Opus, None, true).works());
    }
}
