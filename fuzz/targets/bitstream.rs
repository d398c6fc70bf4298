//! Any bytes as a frame of each codec: no panic, and what is stored of it is no larger than lengths make it.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use peergate::{
    bitstream::{look, opus, stored},
    codec::Codec,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&codec, frame)) = bytes.split_first() else { return };
    let codec = Codec::ALL[usize::from(codec) % Codec::ALL.len()];
    let look = look(codec, frame);
    assert!(look.keyframe || look.private.is_none());
    assert!(look.size.is_none_or(|size| size.width > 0 && size.height > 0));
    let kept = stored(codec, frame);
    match codec {
        // A start code of 3 bytes and a unit of 1 become a length of 4 and the unit.
        Codec::H264 => assert!(kept.len() <= frame.len() + frame.len() / 4),
        Codec::Av1 => assert_eq!(stored(codec, &kept), kept),
        Codec::Vp8 | Codec::Vp9 => assert!(matches!(kept, Cow::Borrowed(_))),
        Codec::Opus => assert!(opus::duration(frame).is_none_or(|duration| !duration.is_zero())),
    }
});
