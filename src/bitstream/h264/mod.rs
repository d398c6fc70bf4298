//! H.264: the NAL units of a byte stream (ITU-T H.264, annex B and section 7.3.1), and the same as ISO base media and
//! Matroska files hold them (ISO/IEC 14496-15).

use super::Look;

mod sequence;

use sequence::Sequence;

/// A NAL unit: its header byte and what follows, without start code and padding. It is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nal<'a>(&'a [u8]);

/// What a NAL unit is (table 7-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NalKind {
    /// A slice, or a partition of one, of a picture that needs earlier ones.
    Slice,
    /// A slice of a picture that a decoder can begin with.
    IdrSlice,
    /// A sequence parameter set: SPS.
    SequenceParameters,
    /// A picture parameter set: PPS.
    PictureParameters,
    /// What belongs to a sequence parameter set beside it.
    SequenceParametersExtension,
    /// An access unit delimiter.
    Delimiter,
    /// Anything else.
    Other,
}

/// The NAL units of a byte stream, in order. What is before the first start code is none.
#[derive(Debug, Clone)]
pub struct NalUnits<'a> {
    /// From behind a start code.
    rest: Option<&'a [u8]>,
}

/// The longest parameter set that an `avcC` holds: lengths have 16 bits.
const LONGEST_SET: usize = u16::MAX as usize;

/// How many sequence parameter sets an `avcC` holds: their number has 5 bits.
const MOST_SEQUENCES: usize = 31;

/// How many of the others it holds: their numbers have 8 bits.
const MOST_OTHERS: usize = u8::MAX as usize;

/// Looks at an access unit.
pub(super) fn look(access_unit: &[u8]) -> Look {
    let keyframe = NalUnits::of(access_unit).find_map(Nal::is_of_keyframe).unwrap_or(false);
    let sets = ParameterSets::of(access_unit);
    Look {
        keyframe,
        size: sets.sequences.first().and_then(|sps| Sequence::read(sps.payload())).and_then(|sps| sps.size()),
        private: keyframe.then(|| sets.avcc()).flatten(),
    }
}

/// The access unit with lengths of 4 bytes in place of start codes, and without delimiters (ISO/IEC 14496-15, 5.3.2).
/// Parameter sets stay where they are: the size may change within a file.
pub(super) fn stored(access_unit: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(access_unit.len() + 8);
    for nal in NalUnits::of(access_unit).filter(|nal| nal.kind() != NalKind::Delimiter) {
        let Ok(length) = u32::try_from(nal.0.len()) else { continue };
        stored.extend(length.to_be_bytes());
        stored.extend_from_slice(nal.0);
    }
    stored
}

impl<'a> Nal<'a> {
    /// The whole of it.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// What follows the header byte.
    #[must_use]
    pub fn payload(self) -> &'a [u8] {
        self.0.get(1..).unwrap_or_default()
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> NalKind {
        // nal_unit_type
        match self.0.first().map_or(0, |header| header & 31) {
            1..=4 => NalKind::Slice,
            5 => NalKind::IdrSlice,
            7 => NalKind::SequenceParameters,
            8 => NalKind::PictureParameters,
            9 => NalKind::Delimiter,
            13 => NalKind::SequenceParametersExtension,
            _ => NalKind::Other,
        }
    }

    /// Whether the picture that it is a slice of is a keyframe; `None` of what is no slice.
    fn is_of_keyframe(self) -> Option<bool> {
        match self.kind() {
            NalKind::IdrSlice => Some(true),
            NalKind::Slice => Some(false),
            _ => None,
        }
    }
}

impl<'a> NalUnits<'a> {
    /// Those of a byte stream, with start codes of 3 or 4 bytes.
    #[must_use]
    pub fn of(byte_stream: &'a [u8]) -> Self {
        Self { rest: start_code(byte_stream).and_then(|at| byte_stream.get(at + 3..)) }
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = Nal<'a>;

    fn next(&mut self) -> Option<Nal<'a>> {
        loop {
            let rest = self.rest.take()?;
            let (unit, behind) = match start_code(rest) {
                Some(at) => (rest.get(..at)?, rest.get(at + 3..)),
                None => (rest, None),
            };
            self.rest = behind;
            // A unit does not end in 0: those belong to the next start code, or are padding (trailing_zero_8bits).
            let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if let Some(unit) = unit.get(..end).filter(|unit| !unit.is_empty()) {
                return Some(Nal(unit));
            }
        }
    }
}

/// Where the next `00 00 01` begins. It looks at each third byte only, as long as that can't be of a start code.
fn start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match bytes.get(at..at + 3)? {
            [0, 0, 1] => return Some(at),
            [_, _, 2..=u8::MAX] => at += 3,
            [_, 1..=u8::MAX, _] => at += 2,
            _ => at += 1,
        }
    }
}

/// The parameter sets of an access unit, each once.
#[derive(Debug, Default)]
struct ParameterSets<'a> {
    sequences: Vec<Nal<'a>>,
    pictures: Vec<Nal<'a>>,
    extensions: Vec<Nal<'a>>,
}

impl<'a> ParameterSets<'a> {
    fn of(access_unit: &'a [u8]) -> Self {
        let mut sets = Self::default();
        for nal in NalUnits::of(access_unit) {
            let (sets, most) = match nal.kind() {
                NalKind::SequenceParameters => (&mut sets.sequences, MOST_SEQUENCES),
                NalKind::PictureParameters => (&mut sets.pictures, MOST_OTHERS),
                NalKind::SequenceParametersExtension => (&mut sets.extensions, MOST_OTHERS),
                _ => continue,
            };
            if sets.len() < most && nal.0.len() <= LONGEST_SET && !sets.contains(&nal) {
                sets.push(nal);
            }
        }
        sets
    }

    /// `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15, 5.3.3.1), with lengths of 4 bytes. `None` where a set is missing.
    fn avcc(&self) -> Option<Vec<u8>> {
        let sequence = Sequence::read(self.sequences.first()?.payload())?;
        self.pictures.first()?;
        let [profile, constraints, level] = sequence.profile;
        // Reserved bits are 1; lengthSizeMinusOne is 3.
        let mut avcc = vec![1, profile, constraints, level, 0xfc | 3];
        write_sets(&mut avcc, 0xe0, &self.sequences);
        write_sets(&mut avcc, 0, &self.pictures);
        if sequence.is_high() {
            let [chroma, luma_depth, chroma_depth] =
                [sequence.chroma_format, sequence.luma_depth, sequence.chroma_depth];
            avcc.extend([0xfc | chroma, 0xf8 | luma_depth, 0xf8 | chroma_depth]);
            write_sets(&mut avcc, 0, &self.extensions);
        }
        Some(avcc)
    }
}

/// Writes the number of the sets, with the `reserved` bits before it, and each with its length. [`ParameterSets::of`] keeps
/// to what fits.
fn write_sets(avcc: &mut Vec<u8>, reserved: u8, sets: &[Nal<'_>]) {
    avcc.push(reserved | sets.len() as u8);
    for set in sets {
        avcc.extend((set.0.len() as u16).to_be_bytes());
        avcc.extend_from_slice(set.0);
    }
}

#[cfg(test)]
mod tests;
