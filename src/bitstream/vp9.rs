//! VP9: the uncompressed header of a frame and the index of a superframe (VP9 bitstream specification, sections 6.2, 7.2
//! and annex B).

use super::{Dimensions, Look, bits::Bits};

/// `frame_marker`.
const MARKER: u32 = 2;

/// `frame_sync_code`.
const SYNC_CODE: u32 = 0x49_83_42;

/// `color_space` of RGB, which is never subsampled.
const RGB: u32 = 7;

/// Looks at a frame or a superframe. A decoder can begin with it if it can with the first frame in it; the last one with a
/// size is the one that is shown.
pub(super) fn look(frame: &[u8]) -> Look {
    let headers: Vec<Header> = frames(frame).into_iter().filter_map(Header::read).collect();
    Look {
        keyframe: headers.first().is_some_and(|header| header.keyframe),
        size: headers.iter().rev().find_map(|header| header.size),
        private: None,
    }
}

/// The frames of a superframe, or the one frame that it is (annex B).
fn frames(superframe: &[u8]) -> Vec<&[u8]> {
    index(superframe).unwrap_or_else(|| vec![superframe])
}

/// Those that the index at the end of a superframe lists; `None` where there is no whole index.
fn index(superframe: &[u8]) -> Option<Vec<&[u8]>> {
    let marker = *superframe.last()?;
    if marker >> 5 != 0b110 {
        return None;
    }
    let (bytes_each, count) = (usize::from(marker >> 3 & 3) + 1, usize::from(marker & 7) + 1);
    let (mut rest, index) = superframe.split_at_checked(superframe.len().checked_sub(2 + bytes_each * count)?)?;
    let sizes = index.strip_prefix(&[marker])?;
    let mut frames = Vec::new();
    for size in sizes.chunks_exact(bytes_each).take(count) {
        let size = size.iter().rev().fold(0, |size, byte| size << 8 | usize::from(*byte));
        let (frame, behind) = rest.split_at_checked(size)?;
        frames.push(frame);
        rest = behind;
    }
    Some(frames)
}

/// What a frame's uncompressed header says, as far as it is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    keyframe: bool,
    /// Of a frame that does not take it over from one it refers to.
    size: Option<Dimensions>,
}

impl Header {
    /// `uncompressed_header()`, section 6.2. `None` where it is none, or cut off.
    fn read(frame: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(frame);
        if bits.number(2)? != MARKER {
            return None;
        }
        let profile = u32::from(bits.flag()?) | u32::from(bits.flag()?) << 1;
        if profile == 3 {
            bits.skip(1)?;
        }
        let show_existing_frame = bits.flag()?;
        if show_existing_frame {
            return Some(Self { keyframe: false, size: None });
        }
        let is_other = bits.flag()?;
        let show_frame = bits.flag()?;
        let error_resilient = bits.flag()?;
        if !is_other {
            sync_code(&mut bits)?;
            color_config(&mut bits, profile)?;
            return Some(Self { keyframe: true, size: Some(frame_size(&mut bits)?) });
        }
        let intra_only = !show_frame && bits.flag()?;
        if !error_resilient {
            bits.skip(2)?;
        }
        let size = if intra_only { intra_only_size(&mut bits, profile) } else { size_with_references(&mut bits)? };
        Some(Self { keyframe: false, size })
    }
}

fn sync_code(bits: &mut Bits<'_>) -> Option<()> {
    (bits.number(24)? == SYNC_CODE).then_some(())
}

/// Passes over `color_config()`.
fn color_config(bits: &mut Bits<'_>, profile: u32) -> Option<()> {
    let has_subsampling = profile & 1 == 1;
    if profile >= 2 {
        bits.skip(1)?;
    }
    let is_rgb = bits.number(3)? == RGB;
    bits.skip(match (is_rgb, has_subsampling) {
        (false, false) => 1,
        (false, true) => 4,
        (true, false) => 0,
        (true, true) => 1,
    })
}

/// `frame_size()`.
fn frame_size(bits: &mut Bits<'_>) -> Option<Dimensions> {
    Some(Dimensions { width: bits.number(16)? + 1, height: bits.number(16)? + 1 })
}

fn intra_only_size(bits: &mut Bits<'_>, profile: u32) -> Option<Dimensions> {
    sync_code(bits)?;
    if profile > 0 {
        color_config(bits, profile)?;
    }
    // refresh_frame_flags
    bits.skip(8)?;
    frame_size(bits)
}

/// `frame_size_with_refs()` and what is before it. The inner `None` is a size taken over from a reference.
fn size_with_references(bits: &mut Bits<'_>) -> Option<Option<Dimensions>> {
    // refresh_frame_flags, then ref_frame_idx and ref_frame_sign_bias of three references.
    bits.skip(8 + 3 * (3 + 1))?;
    for _ in 0..3 {
        if bits.flag()? {
            return Some(None);
        }
    }
    frame_size(bits).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_a_superframe_are_those_of_its_index() {
        // Two frames of 3 and 2 bytes, sizes in one byte each.
        let marker = 0b1100_0001;
        let bytes = [1, 2, 3, 4, 5, marker, 3, 2, marker];
        assert_eq!(frames(&bytes), [&bytes[..3], &bytes[3..5]]);
        let wide = 0b1100_1000;
        assert_eq!(frames(&[7, wide, 1, 0, wide]), [&[7]]);
    }

    #[test]
    fn an_index_that_does_not_fit_is_none() {
        for bytes in [&[0b1100_0001][..], &[1, 2, 0, 3, 2, 0b1100_0001], &[1, 0b1100_0000, 2, 0b1100_0000], &[]] {
            assert_eq!(frames(bytes), [bytes]);
        }
    }
}
