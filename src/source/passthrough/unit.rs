//! What an access unit of H.264 begins with (ITU-T H.264, annex B and section 7.3). Pure.

use crate::bitstream::h264::{NalKind, NalUnits};

/// What is in an access unit before its first slice, and whether that slice is of a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Unit {
    /// What its sequence parameter set says.
    pub(super) profile: Option<Profile>,
    /// It has a picture parameter set.
    pub(super) has_picture_parameters: bool,
    /// It can be decoded without earlier ones (IDR).
    pub(super) keyframe: bool,
}

/// A profile, as a sequence parameter set says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Profile {
    indication: u8,
    constraints: u8,
}

impl Unit {
    /// Reads a byte stream, up to its first slice.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut unit = Self::default();
        for nal in NalUnits::of(bytes) {
            match nal.kind() {
                NalKind::Slice => break,
                NalKind::IdrSlice => {
                    unit.keyframe = true;
                    break;
                }
                NalKind::SequenceParameters => {
                    if let [indication, constraints, ..] = *nal.payload() {
                        unit.profile = Some(Profile { indication, constraints });
                    }
                }
                NalKind::PictureParameters => unit.has_picture_parameters = true,
                _ => {}
            }
        }
        unit
    }
}

impl Profile {
    /// Whether a decoder of constrained baseline, which is what peers are offered, decodes it: by its own name, or by the
    /// promise (`constraint_set0_flag`) to keep within baseline.
    pub(super) const fn is_baseline(self) -> bool {
        self.indication == 66 || self.constraints & 0x80 != 0
    }

    /// Its name, for people.
    pub(super) const fn name(self) -> &'static str {
        match self.indication {
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            _ => "another than Baseline, Main and High",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_and_the_kind_of_the_slice_are_read() {
        let keyframe = [0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 0x67, 66, 0xc0, 31, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88, 7];
        let baseline = Profile { indication: 66, constraints: 0xc0 };
        let read = Unit { profile: Some(baseline), has_picture_parameters: true, keyframe: true };
        assert_eq!(Unit::read(&keyframe), read);
        assert!(baseline.is_baseline());
        assert_eq!(
            Unit::read(&[0, 0, 0, 1, 0x41, 0x9a, 0, 0, 1, 0x65]),
            Unit::default(),
            "what follows a slice is not read"
        );
    }

    #[test]
    fn what_a_baseline_decoder_takes_is_told_from_what_it_does_not() {
        let profile = |indication, constraints| Profile { indication, constraints };
        assert!(profile(77, 0xc0).is_baseline(), "main that keeps within baseline");
        for other in [profile(77, 0x40), profile(100, 0), profile(88, 0)] {
            assert!(!other.is_baseline(), "{}", other.name());
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read(bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..64)) {
            Unit::read(&bytes);
        }
    }
}
