//! AV1: the open bitstream units (OBUs) of a temporal unit (AV1 bitstream specification, sections 5.3 and 5.9), and the
//! same as ISO base media and Matroska files hold them (AV1 Codec ISO Media File Format Binding, sections 2.3 and 2.4).

use std::borrow::Cow;

use super::{Look, bits::Bits};

mod sequence;

use sequence::Sequence;

/// `obu_type`, section 6.2.2.
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;

/// `frame_type` of a keyframe, section 6.8.2.
const KEY_FRAME: u32 = 0;

/// A number in `leb128()` has at most so many bytes (section 4.10.5).
const LONGEST_NUMBER: usize = 8;

/// Looks at a temporal unit. A decoder can begin with one that has a sequence header, and whose first frame is a keyframe
/// that is shown (section 7.6.1).
pub(super) fn look(temporal_unit: &[u8]) -> Look {
    let obus = Obus::of(temporal_unit);
    let Some(header) = obus.clone().find(|obu| obu.kind == SEQUENCE_HEADER) else { return Look::default() };
    let Some(sequence) = Sequence::read(header.payload) else { return Look::default() };
    let frame = obus.clone().find(|obu| [FRAME_HEADER, FRAME].contains(&obu.kind));
    let keyframe = frame.is_some_and(|frame| is_shown_keyframe(frame.payload, sequence.reduced) == Some(true));
    Look {
        keyframe,
        size: Some(sequence.size),
        private: keyframe.then(|| [&sequence.av1c()[..], &header.with_size()].concat()),
    }
}

/// The temporal unit without its delimiters, which files do not hold. What can't be read is left as it is.
pub(super) fn stored(temporal_unit: &[u8]) -> Cow<'_, [u8]> {
    let mut obus = Obus::of(temporal_unit);
    let mut stored = Cow::Borrowed(&[][..]);
    loop {
        let before = obus.rest;
        let Some(obu) = obus.next() else {
            append(&mut stored, before);
            return stored;
        };
        if obu.kind == TEMPORAL_DELIMITER {
            continue;
        }
        // Mostly there is one delimiter, the first OBU: what follows is borrowed as a whole.
        if !obus.clone().any(|obu| obu.kind == TEMPORAL_DELIMITER) {
            append(&mut stored, before);
            return stored;
        }
        append(&mut stored, obu.whole);
    }
}

fn append<'a>(stored: &mut Cow<'a, [u8]>, bytes: &'a [u8]) {
    if stored.is_empty() {
        *stored = Cow::Borrowed(bytes);
    } else {
        stored.to_mut().extend_from_slice(bytes);
    }
}

/// The beginning of `uncompressed_header()`, section 5.9.2.
fn is_shown_keyframe(frame_header: &[u8], reduced: bool) -> Option<bool> {
    if reduced {
        return Some(true);
    }
    let mut bits = Bits::new(frame_header);
    let show_existing_frame = bits.flag()?;
    if show_existing_frame {
        return Some(false);
    }
    let frame_type = bits.number(2)?;
    let show_frame = bits.flag()?;
    Some(frame_type == KEY_FRAME && show_frame)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Obu<'a> {
    /// `obu_type`.
    kind: u8,
    /// The header's first byte.
    first: u8,
    /// `temporal_id` and `spatial_id`, where they are said.
    extension: Option<u8>,
    payload: &'a [u8],
    /// The header and the payload.
    whole: &'a [u8],
}

impl Obu<'_> {
    /// The whole of it, with its size, which only the last of a temporal unit may do without.
    fn with_size(&self) -> Vec<u8> {
        let mut bytes = vec![self.first | HAS_SIZE];
        bytes.extend(self.extension);
        let mut rest = self.payload.len();
        loop {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            bytes.push(low | if rest > 0 { 0x80 } else { 0 });
            if rest == 0 {
                break;
            }
        }
        bytes.extend_from_slice(self.payload);
        bytes
    }
}

/// `obu_has_size_field`.
const HAS_SIZE: u8 = 0x02;
/// `obu_extension_flag`.
const HAS_EXTENSION: u8 = 0x04;
/// `obu_forbidden_bit`.
const FORBIDDEN: u8 = 0x80;

/// The OBUs of a temporal unit, in order, up to what can't be read.
#[derive(Debug, Clone)]
struct Obus<'a> {
    rest: &'a [u8],
}

impl<'a> Obus<'a> {
    const fn of(temporal_unit: &'a [u8]) -> Self {
        Self { rest: temporal_unit }
    }
}

impl<'a> Iterator for Obus<'a> {
    type Item = Obu<'a>;

    /// `open_bitstream_unit()`, section 5.3.1. Who says no size goes to the end.
    fn next(&mut self) -> Option<Obu<'a>> {
        let (&first, mut rest) = self.rest.split_first()?;
        if first & FORBIDDEN != 0 {
            return None;
        }
        let mut extension = None;
        if first & HAS_EXTENSION != 0 {
            let (byte, behind) = rest.split_first()?;
            (extension, rest) = (Some(*byte), behind);
        }
        let (payload, behind) = if first & HAS_SIZE == 0 {
            (rest, &[][..])
        } else {
            let (size, behind) = leb128(rest)?;
            behind.split_at_checked(size)?
        };
        let whole = self.rest.get(..self.rest.len() - behind.len())?;
        self.rest = behind;
        Some(Obu { kind: first >> 3 & 15, first, extension, payload, whole })
    }
}

/// A number and what follows it (section 4.10.5).
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().take(LONGEST_NUMBER).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, behind) = bytes.split_at_checked(length)?;
    let number = number.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f));
    Some((usize::try_from(number).ok()?, behind))
}

#[cfg(test)]
mod tests;
