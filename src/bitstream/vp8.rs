//! VP8: the header of a frame (RFC 6386, section 9.1).

use super::{Dimensions, Look};

/// What follows the frame tag of a keyframe.
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];

/// Sizes have 14 bits; the other two say how much larger to show the picture.
const SIZE: u16 = 0x3fff;

/// Whether a frame says that it is a keyframe, by its first bit; `None` of an empty one.
#[must_use]
pub fn is_keyframe(frame: &[u8]) -> Option<bool> {
    frame.first().map(|first| first & 1 == 0)
}

/// Looks at a frame. One that says to be a keyframe and lacks a keyframe's header is none: nobody can decode it.
pub(super) fn look(frame: &[u8]) -> Look {
    let size = size(frame);
    Look { keyframe: size.is_some(), size, private: None }
}

fn size(frame: &[u8]) -> Option<Dimensions> {
    if !is_keyframe(frame)? {
        return None;
    }
    let header = frame.get(3..)?.strip_prefix(&START_CODE)?;
    let [width_low, width_high, height_low, height_high] = *header.first_chunk()?;
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & SIZE);
    Dimensions::new(side([width_low, width_high]), side([height_low, height_high]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_s_first_bit_says_it() {
        assert_eq!(is_keyframe(&[0x30, 0x12, 0x9d]), Some(true));
        assert_eq!(is_keyframe(&[0x31]), Some(false));
        assert_eq!(is_keyframe(&[]), None);
    }
}
